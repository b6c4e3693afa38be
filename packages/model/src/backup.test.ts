import { describe, expect, it } from 'vitest';
import {
  backupManifest,
  backupNameAt,
  heldPath,
  isScheduledBackup,
  newBackupTarget,
  scheduledBackupNameAt,
} from './backup.ts';

const complaint = (parts: object): string => {
  const parsed = newBackupTarget.safeParse({
    name: 'shelf',
    repository: '/srv/backups',
    passwordFile: '/etc/innkeeper/shelf',
    ...parts,
  });
  return parsed.success ? '' : (parsed.error.issues[0]?.message ?? '?');
};

describe('a backup target', () => {
  it.each([
    '/srv/backups',
    'sftp:backup@far:/srv/backups',
    'sftp:far:backups',
    'sftp://backup@far:2222//srv/backups',
    'rest:https://me@shelf:8000/mine/',
    's3:https://s3.example.org/bucket/mine',
    's3:s3.example.org/bucket',
  ])('may be %s', (repository) => {
    expect(complaint({ repository })).toBe('');
  });

  it.each([
    ['backups', 'is no repository of restic'],
    ['/', 'not / itself'],
    ['/srv/../etc', 'without . and ..'],
    ['sftp:-oProxyCommand=x:/srv', 'is no repository of restic'],
    ['rest:https://me:word@shelf/', 'has a password in it'],
    ['rclone:somewhere:x', 'is no repository of restic'],
    ['local:/srv', 'is no repository of restic'],
  ])('is not %s, and says why', (repository, message) => {
    expect(complaint({ repository })).toContain(message);
  });

  it('is below the mount point that it names, and belongs to a host only as a directory', () => {
    expect(complaint({ mount: '/srv' })).toBe('');
    expect(complaint({ mount: '/srv/back' })).toContain('is not below /srv/back');
    expect(complaint({ host: 'h1' })).toBe('');
    expect(complaint({ host: 'h1', repository: 's3:far/bucket' })).toContain('only a directory');
  });
});

describe('the name of a backup', () => {
  const at = new Date('2026-11-26T15:44:18Z');

  it('says of which workload it is and of when, and whether a schedule made it', () => {
    expect(backupNameAt('web', at)).toBe('web-20261126-154418');
    expect(scheduledBackupNameAt('web', at)).toBe('web-auto-20261126-154418');
    expect([backupNameAt('web', at), scheduledBackupNameAt('web', at)].map(isScheduledBackup)).toEqual([false, true]);
  });
});

describe('what stands beside what was backed up', () => {
  const manifest = {
    innkeeper: 'backup',
    format: 1,
    id: '3f1c2a68-0000-4000-8000-000000000001',
    name: 'web-20261126-154418',
    createdAt: '2026-11-26T15:44:18Z',
    workload: { id: '3f1c2a68-0000-4000-8000-000000000002', name: 'web' },
    driver: 'lxc',
    backend: 'lxc',
    image: { name: 'debian/12', identity: 'a'.repeat(64) },
    volumes: ['data'],
    spec: { image: 'debian/12' },
  };

  it.each([
    ['as it was written', {}, true],
    ['of a later format', { format: 2 }, false],
    ['with a volume that is a path', { volumes: ['../../etc'] }, false],
    ['with an image that is a path', { image: { name: 'x', identity: '../x' } }, false],
    ['with a name that is none', { name: 'web\nx' }, false],
    ['of a specification that is none', { spec: { image: 'debian/12', memory: 'much' } }, false],
  ])('is read or not: one %s', (_, parts, fits) => {
    expect(backupManifest.safeParse({ ...manifest, ...parts }).success).toBe(fits);
  });
});

describe('a path in a backup', () => {
  it.each([
    ['/', '/'],
    ['/etc/hosts', '/etc/hosts'],
    ['//etc/./nginx/', '/etc/nginx/'],
    ['/etc/../../root/..', '/'],
    ['/etc/nginx/..', '/etc/'],
    ['/a *?[x]/..b', '/a *?[x]/..b'],
  ])('%j is %j', (asked, path) => expect(heldPath.parse(asked)).toBe(path));

  it.each(['', 'etc/hosts', '/etc\0', `/${'x'.repeat(4096)}`])('is refused: %j', (asked) => {
    expect(heldPath.safeParse(asked).success).toBe(false);
  });
});
