import type { BackupView, OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-backup';
  process.env.INNKEEPER_TEST_GUESTS = 'test-bak';
});

/** Beside the installation: what is there outlives it. */
const shelf = '/tmp/innkeeper-test-backup-shelf';
const repository = `${shelf}/repository`;
const passwordFile = `${shelf}/password`;
const secret = 'what-nobody-may-read';
const name = 'test-bak-one';
const spec = {
  image: 'debian/12',
  memory: '256MiB',
  labels: { app: 'shop' },
  volumes: [{ name: 'data', size: '1GiB' }],
  networks: [{ network: 'default', ports: ['18081:80'] }],
};

let innkeeper: Installation;

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};
const backUp = async (of = name): Promise<BackupView> => {
  await done(innkeeper.client.makeBackup(of, {}));
  const newest = (await innkeeper.client.backups({ workload: of })).at(-1);
  if (newest === undefined) throw new Error('there is no backup');
  return newest;
};

/** What it holds, with owners, modes and marks as the guest sees them. */
const setUp = [
  'echo first > /root/held; echo first > /mnt/data/held; echo own > /root/owned; chown 33:1000 /root/owned; rm /etc/issue',
  'rm -r /etc/cron.daily; mkdir /etc/cron.daily; echo own > /etc/cron.daily/own; ln /root/held /root/linked',
  'cp /usr/bin/id /usr/local/bin/able; chmod 4711 /usr/local/bin/able; ssh-keygen -A > /dev/null',
  'ln -s /etc/hostname /root/link; chmod 700 /mnt/data; head -c 3000000 /dev/urandom > /mnt/data/much',
].join('; ');
const held = [
  'cd /; for d in /root /mnt/data /etc/cron.daily /usr/local /etc/ssh; do',
  'find $d -printf "%p %y %m %u %g %s %l\\n" | sort; find $d -type f -exec sha256sum {} + | sort; done',
  'ls /etc/issue 2>&1 || true; stat -c %h /root/held; cat /etc/machine-id; hostname',
].join('\n');

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(passwordFile, `${secret}\n`, 0o600);
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await done(innkeeper.client.put(name, spec));
  await booted(name);
  await inside(name, setUp);
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('a backup target', () => {
  it('is refused with what would be right', async () => {
    const { client } = innkeeper;
    const add = (parts: object) => client.addBackupTarget({ name: 'shelf', repository, passwordFile, ...parts });
    await expect(add({ repository: 'shelf' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(add({ repository: 'rest:https://me:word@shelf/' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(add({ repository: `${paths.state}/shelf` })).rejects.toThrow('would be lost together');
    await expect(add({ passwordFile: `${shelf}/none` })).rejects.toThrow('there is no file');
    await host.files.write(`${shelf}/open`, secret, 0o644);
    await expect(add({ passwordFile: `${shelf}/open` })).rejects.toThrow('can be read by others');
    await expect(add({ mount: shelf })).rejects.toThrow('is no mount point');
    expect(await client.backupTargets()).toEqual([]);
    expect((await host.files.list(shelf)).sort()).toEqual(['open', 'password']);
  });

  it('has a repository from then on', async () => {
    const [first] = await innkeeper.client.hosts();
    expect(await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile })).toMatchObject({
      name: 'shelf',
      host: first?.name,
      backups: 0,
    });
    await expect(innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await host.files.list(repository)).toContain('config');
    const finding = (await innkeeper.client.doctor()).find(({ check }) => check === `${first?.name}: backups`);
    expect(finding).toMatchObject({ level: 'ok', text: expect.stringMatching(/^restic \d/) });
  });
});

describe('a backup of a container that runs', () => {
  it('is made while it goes on, and the next one adds what has changed', async () => {
    const before = await innkeeper.client.workload(name);
    const { steps } = await done(innkeeper.client.makeBackup(name, { to: 'shelf' }));
    expect(steps.map((step) => step.name)).toEqual(['record', 'copy', 'send', 'complete', 'clear', 'observe']);
    const after = await innkeeper.client.workload(name);
    expect(after).toMatchObject({ state: 'running', startedAt: before.startedAt, drift: [] });
    const [first] = await innkeeper.client.backups({ workload: name });
    expect(first).toMatchObject({ workload: { name }, target: 'shelf', state: 'ready', image: 'debian/12' });
    const second = await backUp();
    expect(second.sizeBytes).toBeGreaterThan(3_000_000);
    expect(second.addedBytes).toBeLessThan(1_000_000);
    expect(await host.files.list(`${paths.state}/roots/${before.id}`)).not.toContain('moments');
  });
});

describe('a workload that was removed, and its image', () => {
  it('is made again as it was, byte by byte, and goes on as itself', async () => {
    await inside(name, 'sync');
    const before = await inside(name, held);
    const { id, labels, spec: was } = await innkeeper.client.workload(name);
    const backup = await backUp();
    await done(innkeeper.client.remove(name));
    await host.files.remove(`${paths.state}/images`);
    await host.files.remove(`${paths.state}/volumes`);
    const { kind, steps } = await done(innkeeper.client.restoreBackup(backup.name, {}));
    expect(kind).toBe('restore-backup');
    expect(steps.map((step) => step.name)).toEqual([
      'place',
      'look',
      'ports',
      'fetch',
      'define',
      'start',
      'observe',
      'addresses',
    ]);
    await booted(name);
    expect(await inside(name, held)).toBe(before);
    const now = await innkeeper.client.workload(name);
    expect(now).toMatchObject({ state: 'running', drift: [], labels, spec: was });
    expect(now.reason).toContain(`made of the backup ${backup.name} of ${name}`);
    expect(now.id).not.toBe(id);
    expect(await inside(name, 'cat /etc/hosts')).toContain(`${now.addresses[0]} ${name}\n`);
    const owners = (await innkeeper.client.backups({ workload: name })).map(({ workload }) => workload.id);
    expect(new Set(owners)).toEqual(new Set([now.id]));
  });

  it('is backed up again with hardly anything added: its image is in the repository still', async () => {
    expect((await backUp()).addedBytes).toBeLessThan(5_000_000);
  });
});

describe('a workload that is there', () => {
  it('stands in the way of its own name, and another one that is made beside it is somebody else', async () => {
    const backup = (await innkeeper.client.backups({ workload: name })).at(-1)?.name ?? '';
    await expect(innkeeper.client.restoreBackup(backup, {})).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('--as'),
    });
    await done(innkeeper.client.restoreBackup(backup, { as: 'test-bak-two' }));
    await booted('test-bak-two');
    const [theirs, ours] = [await inside(name, held), await inside('test-bak-two', held)];
    const idOf = (text: string) => /\n([0-9a-f]{32})\n/.exec(text)?.[1];
    expect(idOf(ours)).not.toBe(idOf(theirs));
    expect(await inside('test-bak-two', 'hostname; cat /root/held')).toBe('test-bak-two\nfirst\n');
    expect((await innkeeper.client.workload('test-bak-two')).spec?.networks).toEqual([{ network: 'default' }]);
    await done(innkeeper.client.remove('test-bak-two'));
  });
});

describe('a backup that is verified', () => {
  it('is made a workload without a network, which starts and is gone again', async () => {
    const backup = (await innkeeper.client.backups()).at(-1)?.name ?? '';
    const { kind, workload } = await done(innkeeper.client.verifyBackup(backup));
    expect(kind).toBe('verify-backup');
    expect((await innkeeper.client.backup(backup)).verified).toMatchObject({
      ok: true,
      text: expect.stringContaining('a program inside answered'),
    });
    await expect(innkeeper.client.workload(workload.name)).rejects.toMatchObject({ code: 'not_found' });
    expect(await host.files.list(`${paths.state}/roots`)).toEqual([(await innkeeper.client.workload(name)).id]);
  });
});
