import type { SnapshotView } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { snapshotsText } from './snapshots.ts';

const snapshot = (name: string, parts: Partial<SnapshotView> = {}): SnapshotView => ({
  id: name,
  name,
  state: 'ready',
  current: false,
  createdAt: '2026-11-26T15:44:18.123Z',
  sizeBytes: 3 * 2 ** 20,
  ...parts,
});

describe('the list of snapshots', () => {
  it('is a tree that shows what was made from what, and where the workload stands', () => {
    const text = snapshotsText([
      snapshot('first', { description: 'clean' }),
      snapshot('second', { parent: 'first' }),
      snapshot('third', { parent: 'second' }),
      snapshot('other', { parent: 'first', current: true }),
      snapshot('half', { state: 'creating', sizeBytes: undefined as never }),
    ]);
    expect(text.split('\n')).toEqual([
      'NAME         CREATED               SIZE  STATE     DESCRIPTION',
      'first        2026-11-26T15:44:18Z  3MiB            clean',
      '├─ second    2026-11-26T15:44:18Z  3MiB',
      '│  └─ third  2026-11-26T15:44:18Z  3MiB',
      '└─ other     2026-11-26T15:44:18Z  3MiB  current',
      'half         2026-11-26T15:44:18Z     –  creating',
    ]);
  });

  it('lets no description move the cursor', () => {
    expect(snapshotsText([snapshot('a', { description: 'x\u001b[2J' })])).not.toContain('\u001b');
  });
});
