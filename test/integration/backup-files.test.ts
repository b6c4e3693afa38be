import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '@innkeeper/client';
import type { OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths, prefix } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-backup-files';
  process.env.INNKEEPER_TEST_GUESTS = 'test-bfi';
});

/** Beside the installation: what is there outlives it. */
const shelf = '/tmp/innkeeper-test-backup-files-shelf';
const name = 'test-bfi-one';
const volumes = [
  { name: 'data', size: '1GiB' },
  { name: 'site', size: '1GiB', path: '/srv/site' },
];

let innkeeper: Installation;
let backup: string;
/** What the guest itself says of its files. */
const said = new Map<string, string>();

const done = async (operation: Promise<OperationView | undefined>): Promise<void> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
};

const inn = async (...words: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['services/cli/bin/inn.js', ...words], {
    env: { PATH: process.env.PATH ?? '', INNKEEPER_PREFIX: prefix },
    timeout: 120_000,
  });
  return stdout;
};

const changes = [
  'echo own > /etc/motd; rm /etc/issue; rm -r /etc/cron.daily; mkdir /etc/cron.daily; echo own > /etc/cron.daily/own',
  'ln -s /etc/motd /root/link; mkdir "/root/odd *"; echo quoted > "/root/odd */it\'s \\"that\\" *?[a]"; chmod 640 /etc/motd',
  'head -c 3000000 /dev/urandom > /mnt/data/much; echo page > /srv/site/index.html; chown 33:33 /srv/site/index.html; sync',
].join('; ');
// A link that begins at the root begins in the folder that it is unpacked in, as with inn cp.
const portrait =
  'export LC_ALL=C; cd "$1"; find . ! -type p -printf "%p %y %l\\n" | sed "s| l /| l |" | sort; find . -type f -exec sha256sum {} + | sort -k 2';
const compared = ['/etc', '/root', '/mnt/data', '/srv', '/usr/share/doc/bash'];
const here = async (folder: string): Promise<string> => (await host.run(['sh', '-ec', portrait, 'sh', folder])).stdout;

beforeAll(async () => {
  for (const folder of [shelf, `${shelf}/out`]) {
    await host.files.remove(folder);
    await host.files.makeDirectory(folder, 0o700);
  }
  const passwordFile = `${shelf}/password`;
  await host.files.write(passwordFile, 'what-nobody-may-read\n', 0o600);
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await innkeeper.client.addBackupTarget({ name: 'shelf', repository: `${shelf}/repository`, passwordFile });
  const spec = { image: 'debian/12', memory: '256MiB', networks: [], volumes, project: 'shop' };
  await done(innkeeper.client.put(name, spec));
  await booted(name);
  await inside(name, changes);
  await done(innkeeper.client.makeBackup(name, {}));
  backup = (await innkeeper.client.backups())[0]?.name ?? '';
  for (const folder of compared) said.set(folder, await inside(name, portrait, folder));
  // From here on the repository alone has it.
  await done(innkeeper.client.remove(name));
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('folders of a backup whose workload is gone', () => {
  it.each(compared)('%s is copied out of it as the guest had it', async (folder) => {
    await inn('backup', 'cp', backup, folder, `${shelf}/out`);
    expect(await here(`${shelf}/out/${folder.split('/').at(-1)}`)).toBe(said.get(folder));
  });

  it('are listed as the guest saw them', async () => {
    expect(await inn('backup', 'files', backup, '/mnt', '-o', 'name')).toBe('data\n');
    expect(await inn('backup', 'files', backup, '/etc/cron.daily', '-o', 'name')).toBe('own\n');
    expect(await inn('backup', 'files', backup, '/srv/site')).toMatch(/0644 +33:33 +5B +2\d{3}-.*Z +index\.html\n$/);
    expect(await inn('backup', 'files', backup, '/root')).toContain('link -> /etc/motd\n');
    const usual = await inn('backup', 'files', backup);
    expect(usual).toMatch(/ bin -> usr\/bin\n/);
    expect(usual).toMatch(/ mnt\/\n/);
  });
});

describe('a file of a backup', () => {
  it('is copied under another name, or to the output, also through links of the guest', async () => {
    await inn('backup', 'cp', backup, '/root/odd */it\'s "that" *?[a]', `${shelf}/out/plain`);
    expect(await host.files.readText(`${shelf}/out/plain`)).toBe('quoted\n');
    expect(await inn('backup', 'cp', backup, '/etc/../etc/motd', '-')).toBe('own\n');
    const [shell] = await innkeeper.client.backupFiles(backup, '/bin/bash');
    await inn('backup', 'cp', backup, '/bin/bash', `${shelf}/out/shell`);
    expect(await host.files.facts(`${shelf}/out/shell`)).toMatchObject({ kind: 'file', size: shell?.sizeBytes });
    await expect(inn('backup', 'cp', backup, '/etc', '-')).rejects.toThrow('/etc is no file');
  });

  it('is not there when it was deleted, and nothing else is taken for it', async () => {
    await expect(inn('backup', 'cp', backup, '/etc/issue', shelf)).rejects.toThrow('/etc has no issue');
    await expect(inn('backup', 'cp', backup, '/etc/mot?', shelf)).rejects.toThrow('/etc has no mot?');
    await expect(inn('backup', 'cp', backup, 'etc/motd', shelf)).rejects.toThrow('must begin with a slash');
    await expect(innkeeper.client.backupArchive(backup, '/etc/motd\0')).rejects.toMatchObject({ code: 'invalid' });
    await expect(innkeeper.client.backupFiles('none', '/')).rejects.toThrow('There is no backup none');
    await expect(inn('backup', 'cp', backup, '/', `${shelf}/nowhere`)).rejects.toThrow('there is no folder');
  });

  it('is for who may copy files of the workload, and who has copied it is known', async () => {
    const as = async (token: Parameters<typeof innkeeper.client.createToken>[0]) =>
      createClient({ socket: paths.socket, token: (await innkeeper.client.createToken(token)).token });
    const looker = await as({ name: 'looker', role: 'viewer' });
    await expect(looker.backupFiles(backup, '/')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(looker.backupArchive(backup, '/etc/motd')).rejects.toMatchObject({ code: 'forbidden' });
    const bank = await as({ name: 'bank', role: 'operator', projects: ['bank'] });
    await expect(bank.backupArchive(backup, '/etc/motd')).rejects.toMatchObject({ code: 'not_found' });
    const shop = await as({ name: 'shop', role: 'operator', projects: ['shop'] });
    (await shop.backupArchive(backup, '/etc/motd')).resume();
    const { items } = await innkeeper.client.audit({ limit: 1 });
    expect(items[0]).toMatchObject({
      who: 'shop',
      resource: { kind: 'backup', name: backup },
      after: { path: '/etc/motd' },
    });
  });
});

describe('a repository that is damaged', () => {
  it('cuts a copy off, and who copies is told that it is not whole', async () => {
    // What the guest held was sent after its image: of that nothing is taken.
    const packs = 'cd "$1"; find data -type f -size +500k -newer "snapshots/$(ls -tr snapshots | head -n 1)" -delete';
    await host.run(['sh', '-ec', packs, 'sh', `${shelf}/repository`]);
    const copy = inn('backup', 'cp', backup, '/mnt/data', `${shelf}/out`);
    await expect(copy).rejects.toThrow('was cut off: what has arrived is not whole');
  });
});
