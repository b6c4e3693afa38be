import { expect, test } from 'vitest';
import { findCures, needsNamespace, privateMounts } from './cures.ts';
import { parseMountInfo } from './mounts.ts';

const unified = `25 1 0:23 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
`;
const hybrid = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

test('cgroup v2 alone needs nothing', () => {
  const cures = findCures(parseMountInfo(unified));
  expect(cures).toEqual({ unmount: [], systemdHierarchy: undefined });
  expect(needsNamespace(cures)).toBe(false);
});

test('the hybrid layout needs its cgroup2 hidden and a group for each container', () => {
  const cures = findCures(parseMountInfo(hybrid));
  expect(cures).toEqual({ unmount: ['/sys/fs/cgroup/unified'], systemdHierarchy: '/sys/fs/cgroup/systemd' });
  expect(needsNamespace(cures)).toBe(true);
});

test('a named hierarchy beside cgroup v2 does not make it hybrid', () => {
  const both = `${unified}40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n`;
  expect(findCures(parseMountInfo(both)).unmount).toEqual([]);
});

test('private mounts are told from shared ones, whatever optional fields stand before', () => {
  expect(privateMounts(parseMountInfo(unified))).toEqual([]);
  expect(privateMounts(parseMountInfo(hybrid))).toContain('/');
  expect(
    privateMounts(
      parseMountInfo('1 1 0:1 / /a rw master:3 shared:4 - tmpfs t rw\n2 1 0:1 / /b rw master:3 - tmpfs t rw\n'),
    ),
  ).toEqual(['/b']);
});

test('blanks in paths are written as octal', () => {
  expect(parseMountInfo('1 1 0:1 / /mnt/my\\040disk\\134x rw - tmpfs t rw\n')[0]?.point).toBe('/mnt/my disk\\x');
});
