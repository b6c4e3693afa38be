import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths, prefix } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-backup-exports';
  process.env.INNKEEPER_TEST_GUESTS = 'test-bex';
});

/** Beside the installation: what is there outlives it. */
const shelf = '/tmp/innkeeper-test-backup-exports-shelf';
const file = `${shelf}/web.tar`;
const name = 'test-bex-one';
const volumes = [{ name: 'data', size: '1GiB' }];

let innkeeper: Installation;
let backup: string;
/** What the guest itself says of its files. */
let said: string;

const done = async (operation: Promise<OperationView | undefined>): Promise<void> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
};

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code?: number;
}

const inn = (...words: string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, ['services/cli/bin/inn.js', ...words], {
    env: { PATH: process.env.PATH ?? '', INNKEEPER_PREFIX: prefix },
    timeout: 120_000,
  }).catch((error: unknown) => error as Ended);

const changes =
  'echo own > /etc/motd; rm /etc/issue; chown 33:33 /etc/motd; echo kept > /mnt/data/file; ln -s /etc/motd /root/link; sync';
const portrait =
  'export LC_ALL=C; find /etc /root /mnt/data ! -path /etc/hosts -printf "%p %y %m %U:%G %l\\n" | sort; sha256sum /etc/motd /mnt/data/file';

const addTarget = async (target: string): Promise<void> => {
  const passwordFile = `${shelf}/password-of-${target}`;
  await host.files.write(passwordFile, `what nobody knows of ${target}\n`, 0o600);
  await innkeeper.client.addBackupTarget({ name: target, repository: `${shelf}/${target}`, passwordFile });
};

const leftBeside = (): Promise<string[]> => host.files.list(`${paths.state}/exports`);

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await addTarget('first');
  await done(innkeeper.client.put(name, { image: 'debian/12', memory: '256MiB', networks: [], volumes }));
  await booted(name);
  await inside(name, changes);
  said = await inside(name, portrait);
  await done(innkeeper.client.makeBackup(name, {}));
  backup = (await innkeeper.client.backups())[0]?.name ?? '';
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('a backup in one file', () => {
  it('is written into a file that nobody else can read, and never over another', async () => {
    const { stderr, code = 0 } = await inn('backup', 'export', backup, file);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('whoever has it can read it') });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await readFile(file);
    expect(await inn('backup', 'export', backup, file)).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining('is there already'),
    });
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(await leftBeside()).toEqual([]);
  });

  it('is not taken by a target while another one has the backup', async () => {
    await addTarget('second');
    expect(await inn('backup', 'import', file, '--to', 'second')).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining(`${backup} is at first already`),
    });
    expect(await inn('backup', 'import', file)).toMatchObject({ stderr: expect.stringContaining('several') });
    expect(await leftBeside()).toEqual([]);
  });

  it('is no other file', async () => {
    await host.files.write(`${shelf}/other`, 'x'.repeat(20_000_000));
    for (const other of [`${shelf}/other`, '/bin/sh'])
      expect(await inn('backup', 'import', other, '--to', 'second')).toMatchObject({
        code: expect.any(Number),
        stderr: expect.stringContaining('no backup that was exported'),
      });
    expect(await inn('backup', 'import', `${shelf}/nowhere`)).toMatchObject({
      stderr: expect.stringContaining('there is no file'),
    });
    expect(await leftBeside()).toEqual([]);
  });

  it('brings a workload back whose target, image and guest are gone', async () => {
    await done(innkeeper.client.remove(name));
    await innkeeper.client.removeBackupTarget('first', { forget: true });
    await host.files.remove(`${shelf}/first`);
    expect(await innkeeper.client.backups()).toEqual([]);
    expect(await inn('backup', 'import', file)).toMatchObject({ stdout: `${backup}\n` });
    expect(await innkeeper.client.backup(backup)).toMatchObject({ target: 'second', state: 'ready' });
    await done(innkeeper.client.restoreBackup(backup, {}));
    await booted(name);
    expect(await inside(name, portrait)).toBe(said);
    // Once more it is known as it is.
    expect(await inn('backup', 'import', file)).toMatchObject({ stdout: `${backup}\n` });
    expect(await innkeeper.client.backups()).toHaveLength(1);
  });

  it('is said in the audit log when it is taken away, and when it comes', async () => {
    const { stdout } = await inn('audit', '-o', 'json');
    const entries = JSON.parse(stdout) as {
      readonly resource?: { readonly name?: string };
      readonly after?: unknown;
    }[];
    expect(entries).toContainEqual(expect.objectContaining({ after: { exported: true } }));
  });
});
