import type { Host } from '@innkeeper/host';
import { describe, expect, it } from 'vitest';
import { isMounted, mountsBelow, unmountBelow } from './mounts.ts';

const table = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '30 22 0:30 / /srv/roots rw - tmpfs tmpfs rw',
  '31 30 0:31 / /srv/roots/wiki rw - overlay overlay rw,lowerdir=/srv/images/a',
  '32 31 0:32 / /srv/roots/wiki/proc rw - proc proc rw',
  '33 22 0:33 / /srv/roots-of-others rw - tmpfs tmpfs rw',
  '34 30 0:34 / /srv/roots/with\\040space\\134and\\011tab rw - tmpfs tmpfs rw',
  '35 30 0:35 / /srv/roots/wiki rw - overlay overlay rw',
  '',
].join('\n');

/** A fake host: one file and a record of what was run. Real mounts need root and are tested with real containers. */
const fakeHost = (): { host: Host; ran: string[][] } => {
  const ran: string[][] = [];
  const fake: Pick<Host, 'run'> & { files: Pick<Host['files'], 'readText'> } = {
    files: {
      readText: async (path) => {
        expect(path).toBe('/proc/self/mountinfo');
        return table;
      },
    },
    run: async (argv) => {
      ran.push([...argv]);
      return { stdout: '', stderr: '', exitCode: 0 };
    },
  };
  return { host: fake as Host, ran };
};

describe('mounts below a directory (fake host)', () => {
  it('come deepest first, with the directory itself and not its neighbours', async () => {
    const found = await mountsBelow(fakeHost().host, '/srv/roots');
    expect(found.at(-1)).toBe('/srv/roots');
    expect(found).toHaveLength(5);
    expect(found).not.toContain('/srv/roots-of-others');
    expect(found.indexOf('/srv/roots/wiki/proc')).toBeLessThan(found.indexOf('/srv/roots/wiki'));
  });

  it('are named as the kernel means them, with spaces, tabs and backslashes', async () => {
    expect(await mountsBelow(fakeHost().host, '/srv/roots')).toContain('/srv/roots/with space\\and\ttab');
  });

  it('a directory that only lies on a mount is not mounted', async () => {
    expect(await isMounted(fakeHost().host, '/srv/roots/wiki')).toBe(true);
    expect(await isMounted(fakeHost().host, '/srv/roots/other')).toBe(false);
    expect(await isMounted(fakeHost().host, '/srv')).toBe(false);
  });

  it('are unmounted one by one, what lies on top of another included', async () => {
    const { host, ran } = fakeHost();
    await unmountBelow(host, '/srv/roots/wiki');
    expect(ran).toEqual(
      ['/srv/roots/wiki/proc', '/srv/roots/wiki', '/srv/roots/wiki'].map((point) => ['umount', '--', point]),
    );
  });

  it('nothing mounted is no error', async () => {
    const { host, ran } = fakeHost();
    await unmountBelow(host, '/nowhere');
    expect(ran).toEqual([]);
  });
});
