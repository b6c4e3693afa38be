import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { createLog } from '@innkeeper/control-plane';
import { dumpToFile } from '@innkeeper/inventory';
import type { BackupView, OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-bakaway';
  process.env.INNKEEPER_TEST_GUESTS = 'test-baway';
});

/** Beside the installation: what is there outlives it. */
const shelf = '/tmp/innkeeper-test-bakaway-shelf';
const repository = `${shelf}/repository`;
const small = `${shelf}/small`;
const passwordFile = `${shelf}/password`;
const secret = 'what-nobody-may-read';
const name = 'test-baway-one';
const spec = { image: 'debian/12', memory: '256MiB', volumes: [{ name: 'data', size: '1GiB' }] };

let innkeeper: Installation;
let log = '';

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};
const failed = async (operation: Promise<OperationView>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect(end.state).toBe('failed');
  return end;
};
const backUp = async (): Promise<BackupView> => {
  await done(innkeeper.client.makeBackup(name, {}));
  const newest = (await innkeeper.client.backups({ workload: name })).at(-1);
  if (newest === undefined) throw new Error('there is no backup');
  return newest;
};

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(passwordFile, `${secret}\n`, 0o600);
  innkeeper = await install(
    {},
    createLog('trace', {
      write: (line: string) => {
        log += line;
      },
    }),
  );
  await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile });
  await done(innkeeper.client.put(name, spec));
  await booted(name);
  await inside(name, 'echo first > /root/held; echo first > /mnt/data/held');
  await backUp();
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.run(['umount', '-q', '--', small], { expect: [0, 1, 32] });
  await host.files.remove(shelf);
});

/** Command lines that hold a word, of all programs of this machine while `work` is under way: a program may be there for a moment. */
const linesDuring = async (word: string, work: () => Promise<unknown>): Promise<readonly string[]> => {
  const seen = new Set<string>();
  let ended = false;
  const working = work().finally(() => {
    ended = true;
  });
  while (!ended) {
    for (const id of await readdir('/proc')) {
      if (!/^\d+$/.test(id)) continue;
      const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      if (line.includes(word)) seen.add(line.replaceAll('\0', ' '));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await working;
  return [...seen];
};

describe('the password of a target', () => {
  it('is on no command line, in no log and not in the inventory', async () => {
    expect(await linesDuring(secret, () => backUp())).toEqual([]);
    expect(log).toContain('"level"');
    expect(log).not.toContain(secret);
    const dump = `${shelf}/dump.gz`;
    await dumpToFile(innkeeper.databaseUrl, dump);
    const text = gunzipSync(await readFile(dump)).toString('utf8');
    expect(text).toContain(passwordFile);
    expect(text).not.toContain(secret);
  });
});

/** Kills the restic that sends what the container held, as soon as it is there. */
const killRestic = async (): Promise<void> => {
  for (;;) {
    for (const id of await readdir('/proc')) {
      if (!/^\d+$/.test(id)) continue;
      const words = (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).split('\0');
      if (words[0] !== 'restic' || !words.includes('backup') || !words.includes(name)) continue;
      process.kill(Number(id), 'SIGKILL');
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe('what stands in the way of a backup', () => {
  const expectNothingNew = async (before: readonly BackupView[]): Promise<void> => {
    expect(await innkeeper.client.backups()).toEqual(before);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
    const { id } = await innkeeper.client.workload(name);
    expect(await host.files.list(`${paths.state}/roots/${id}`)).not.toContain('moments');
  };

  it('is a repository that is away: the one before it is kept', async () => {
    const before = await innkeeper.client.backups();
    await host.files.rename(repository, `${repository}-away`);
    const end = await failed(innkeeper.client.makeBackup(name, {}));
    expect(end.error).toMatchObject({ code: 'transient', detail: expect.stringContaining('no repository') });
    const restored = await failed(innkeeper.client.restoreBackup(before[0]?.name ?? '', { as: 'test-baway-two' }));
    expect(restored.error).toMatchObject({ code: 'transient' });
    await expect(innkeeper.client.workload('test-baway-two')).rejects.toMatchObject({ code: 'not_found' });
    await expect(innkeeper.client.removeBackup(before[0]?.name ?? '')).rejects.toMatchObject({ code: 'transient' });
    await host.files.rename(`${repository}-away`, repository);
    await innkeeper.client.removeBackup(before[0]?.name ?? '');
    await expectNothingNew(before.slice(1));
  });

  it('is a password that does not open it, and the repository says nothing of it anywhere', async () => {
    const before = await innkeeper.client.backups();
    await host.files.write(passwordFile, 'another\n', 0o600);
    const end = await failed(innkeeper.client.makeBackup(name, {}));
    await host.files.write(passwordFile, `${secret}\n`, 0o600);
    expect(end.error).toMatchObject({ code: 'conflict', detail: expect.stringContaining('does not open') });
    expect(JSON.stringify(end)).not.toContain(secret);
    await expectNothingNew(before);
  });

  it('is a restic that is killed in the middle: nothing of it is known, and the next one is whole', async () => {
    const before = await innkeeper.client.backups();
    await inside(name, 'head -c 50000000 /dev/urandom > /mnt/data/more');
    const [end] = await Promise.all([failed(innkeeper.client.makeBackup(name, {})), killRestic()]);
    expect(end.error?.code).toBe('host_error');
    await expectNothingNew(before);
    expect((await backUp()).sizeBytes).toBeGreaterThan(50_000_000);
    await inside(name, 'rm /mnt/data/more');
  });

  it('is a target that is full, or not mounted by now, and what was written there is given back', async () => {
    const { client } = innkeeper;
    const before = await client.backups();
    await host.files.makeDirectory(small, 0o700);
    await host.run(['mount', '-t', 'tmpfs', '-o', 'size=40M', 'tmpfs', small]);
    await client.addBackupTarget({ name: 'small', repository: `${small}/repository`, passwordFile, mount: small });
    const full = await failed(client.makeBackup(name, { to: 'small' }));
    expect(full.error?.detail).toContain('no space left at the backup target small');
    await expectNothingNew(before);
    await expect(client.makeBackup(name, {})).rejects.toThrow('several backup targets: shelf, small');
    await host.run(['umount', '--', small]);
    const away = await failed(client.makeBackup(name, { to: 'small' }));
    expect(away.error?.detail).toContain(`${small} is no mount point`);
    expect(await host.files.list(small)).toEqual([]);
    await client.removeBackupTarget('small');
    await expectNothingNew(before);
  });
});

describe('a backup in a repository, when the inventory is lost', () => {
  it('is found again by a look into it, and comes back', async () => {
    const { client } = innkeeper;
    const before = await client.backups();
    await done(client.remove(name));
    await innkeeper.loseDatabase();
    expect(await client.backups()).toEqual([]);
    await client.addBackupTarget({ name: 'again', repository, passwordFile });
    const names = before.map((one) => one.name).sort();
    const scanned = await client.scanBackupTarget('again');
    expect({ ...scanned, found: [...scanned.found].sort() }).toEqual({ found: names, lost: [], unreadable: [] });
    expect(await client.scanBackupTarget('again')).toEqual({ found: [], lost: [], unreadable: [] });
    const [first] = await client.backups({ workload: name });
    expect(first).toMatchObject({ state: 'ready', driver: 'lxc', createdAt: before[0]?.createdAt });
    await done(client.restoreBackup(first?.name ?? '', {}));
    expect(await inside(name, 'cat /root/held /mnt/data/held; hostname')).toBe(`first\nfirst\n${name}\n`);
    expect((await client.workload(name)).spec).toEqual(spec);
  });

  it('is known no longer when somebody has removed it there', async () => {
    const { client } = innkeeper;
    const gone = (await client.backups()).at(-1);
    const { stdout } = await host.run(
      ['restic', '--no-cache', '-r', repository, 'snapshots', '--json', '--tag', `backup:${gone?.id}`],
      { env: { RESTIC_PASSWORD_FILE: passwordFile } },
    );
    const [{ id }] = JSON.parse(stdout) as [{ readonly id: string }];
    await host.run(['restic', '--no-cache', '-r', repository, 'forget', id], {
      env: { RESTIC_PASSWORD_FILE: passwordFile },
    });
    expect(await client.scanBackupTarget('again')).toEqual({ found: [], lost: [gone?.name], unreadable: [] });
    await client.pruneBackupTarget('again');
    await expect(client.backup(gone?.name ?? '')).rejects.toMatchObject({ code: 'not_found' });
  });
});
