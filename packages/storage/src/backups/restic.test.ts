import { describe, expect, it } from 'vitest';
import { resticFailure } from './restic.ts';

const told = (stderr: string, exitCode = 1) => {
  const { code, message } = resticFailure('shelf', { stdout: '', stderr, exitCode });
  return `${code}: ${message}`;
};

describe('what restic complains of', () => {
  it.each([
    ['Fatal: wrong password or no key found', 'conflict: The password of the backup target shelf does not open'],
    [
      'Fatal: unable to open config file: stat /srv/config: no such file or directory\nIs there a repository at the following location?\n/srv',
      'transient: There is no repository at the backup target shelf',
    ],
    [
      'Fatal: unable to open repository at rest:http://far/: dial tcp: connection refused',
      'transient: .*cannot be reached',
    ],
    ['unable to create lock in backend: repository is already locked by PID 1', 'busy: .*locked by somebody else'],
    [
      'Fatal: unable to save snapshot: write /srv/data/x: no space left on device',
      'host_error: There is no space left',
    ],
    ['Fatal: unable to save snapshot: write /srv/data/x: disk quota exceeded', 'host_error: There is no space left'],
    ['unable to create lock: open /srv/locks/x: read-only file system', 'conflict: .*cannot be written'],
    ['Fatal: invalid id "ffffffff": no matching ID found', 'not_found: .*does not have it any more'],
    ['first\nFatal: something else\n', 'host_error: restic failed at the backup target shelf: something else$'],
    ['', 'host_error: .*it says nothing'],
  ])('is told in words of ours: %s', (stderr, meaning) => {
    expect(told(stderr)).toMatch(new RegExp(`^${meaning}`));
  });

  it('is told apart from a host that has no restic', () => {
    expect(told('restic: No such file or directory\n', 127)).toBe(
      'unsupported: restic, which makes backups, is not on this host',
    );
  });
});
