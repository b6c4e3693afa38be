import { expect, it } from 'vitest';
import { editedSince } from './edited.ts';

const MiB = 2 ** 20;
const written = { image: 'debian/12', cpus: 2, memory: '512MiB' } as const;
const edited = (cpus: readonly (number | undefined)[], memoryBytes: readonly (number | undefined)[], also?: number[]) =>
  editedSince(written, { cpus, memoryBytes }, also);

it.each([
  ['what was written', [2, 2], [512 * MiB]],
  ['memory in whole KiB', [2], [512 * MiB - 1023, 512 * MiB]],
  ['memory that QEMU rounded up', [2], [513 * MiB - 1]],
  ['a definition that says nothing of them', [undefined], []],
] as const)('%s is no edit', (_what, cpus, memoryBytes) => {
  expect(edited(cpus, memoryBytes)).toBeUndefined();
});

it('is what somebody wrote instead, in any of the places', () => {
  expect(edited([4], [512 * MiB])).toEqual({ cpus: 4 });
  expect(edited([2, 4], [512 * MiB])).toEqual({ cpus: 4 });
  expect(edited([2], [512 * MiB, 256 * MiB])).toEqual({ memoryBytes: 256 * MiB });
  expect(edited([1.5], [2 ** 30])).toEqual({ cpus: 1.5, memoryBytes: 2 ** 30 });
});

it('is not the one processor that software emulation gets', () => {
  expect(edited([1], [512 * MiB], [1])).toBeUndefined();
  expect(edited([4], [512 * MiB], [1])).toEqual({ cpus: 4 });
});

it('is not asked of an image that this version does not know', () => {
  expect(editedSince({ ...written, image: 'debian/99' }, { cpus: [4], memoryBytes: [1] })).toBeUndefined();
});
