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
const small = `${shelf}/small`;
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
const failed = async (operation: Promise<OperationView>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect(end.state).toBe('failed');
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
  await host.run(['umount', '-q', '--', small], { expect: [0, 1, 32] });
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
    expect((await innkeeper.client.backups({ workload: name })).map(({ workload }) => workload.id)).toEqual([
      now.id,
      now.id,
      now.id,
    ]);
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
    const restored = await failed(innkeeper.client.restoreBackup(before[0]?.name ?? '', { as: 'test-bak-two' }));
    expect(restored.error).toMatchObject({ code: 'transient' });
    await expect(innkeeper.client.workload('test-bak-two')).rejects.toMatchObject({ code: 'not_found' });
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
