import { expect, test } from 'vitest';
import { foundOf } from './probe.ts';

test.each([
  [
    'ext4, whose number three file systems have',
    'fileSystem ext2/ext3\n',
    { kind: 'dir', fileSystem: 'ext4', sharesData: false, limits: { value: false } },
  ],
  [
    'xfs, which shares data',
    'fileSystem xfs\nshares\n',
    { kind: 'dir', fileSystem: 'xfs', sharesData: true, limits: { value: false } },
  ],
  [
    'btrfs without quotas',
    'fileSystem btrfs\nshares\nsubvolumes\n',
    { kind: 'btrfs', fileSystem: 'btrfs', sharesData: true, limits: { value: false } },
  ],
  [
    'btrfs with quotas',
    'fileSystem btrfs\nshares\nsubvolumes\nlimits\n',
    { kind: 'btrfs', fileSystem: 'btrfs', sharesData: true, limits: { value: true } },
  ],
  [
    'btrfs whose programs are missing',
    'fileSystem btrfs\nshares\n',
    { kind: 'dir', fileSystem: 'btrfs', sharesData: true, limits: { value: false } },
  ],
  ['nothing that was understood', '', { kind: 'dir', fileSystem: 'unknown', sharesData: false }],
] as const)('a pool on %s', (_, text, found) => expect(foundOf(text, true)).toMatchObject(found));

test('the state directory has no subvolumes and no limits, whatever it is on', () =>
  expect(foundOf('fileSystem btrfs\nshares\nsubvolumes\nlimits\n', false)).toMatchObject({
    kind: 'dir',
    limits: { value: false, evidence: 'a directory on btrfs has no quota' },
  }));
