import { expect, test } from 'vitest';
import { emptyRecord, mergeRecord } from './record.ts';

const off = { defined: true, active: false, autostart: false };
const on = { defined: true, active: true, autostart: true };

test('lists grow and name nothing twice', () => {
  const merged = mergeRecord(mergeRecord(emptyRecord, { packages: ['a', 'b'] }), { packages: ['b', 'c'] });
  expect(merged.packages).toEqual(['a', 'b', 'c']);
});

test('the state from before is the first one: a later run finds what set-up made', () => {
  const first = mergeRecord(emptyRecord, {
    sysctls: { limit: '128' },
    network: off,
    libvirtUnits: [{ name: 'libvirtd.service', enabled: false, active: false }],
    libvirtStartedByHand: true,
  });
  const second = mergeRecord(first, {
    sysctls: { limit: '65536', other: '1' },
    network: on,
    libvirtUnits: [{ name: 'libvirtd.service', enabled: true, active: true }],
    libvirtStartedByHand: false,
  });
  expect(second).toMatchObject({ sysctls: { limit: '128', other: '1' }, network: off, libvirtStartedByHand: true });
  expect(second.libvirtUnits).toEqual(first.libvirtUnits);
});

test('an older record without a field is completed', () => {
  expect(mergeRecord(emptyRecord, JSON.parse('{"packages":["a"]}') as object)).toMatchObject({
    packages: ['a'],
    ownUnits: [],
  });
});
