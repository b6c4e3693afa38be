import type { OperationView, WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { guestPrefix, host, type Installation, install, leftOnHost, prefix } from './installation.ts';
import { disksOf, firstByte } from './machine-disks.ts';
import { type SecondHost, secondHostSettings, startSecondHost } from './second-host.ts';

// More than one machine: a place of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-backup-hosts';
});

/** A directory that is mounted on both hosts at the same place, as of NFS. */
const shelf = '/tmp/innkeeper-test-shelf-of-hosts';
const name = `${guestPrefix}-one`;
const spec: WorkloadSpec = {
  image: 'debian/12',
  backend: 'lxc',
  memory: '256MiB',
  networks: [],
  volumes: [{ name: 'data', size: '1GiB' }],
};
const changes = 'echo own > /etc/motd; rm /etc/issue; chown 33:1000 /etc/motd; echo kept > /mnt/data/file; sync';
const portrait =
  'export LC_ALL=C; find /etc /root /mnt/data -printf "%p %y %m %U:%G %l\\n" | grep -v "^/etc/hosts" | sort; sha256sum /etc/motd /mnt/data/file; cat /etc/machine-id';

let innkeeper: Installation;
let second: SecondHost;
let local: string;

const done = async (operation: Promise<OperationView | undefined>): Promise<void> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
};
const backUp = async (of: string): Promise<string> => {
  await done(innkeeper.client.makeBackup(of, {}));
  return (await innkeeper.client.backups({ workload: of })).at(-1)?.name ?? '';
};
const placeOf = async (of: string): Promise<string | undefined> => (await innkeeper.client.workload(of)).host;
/** Nothing new comes to one of both. */
const only = async (taken: string): Promise<void> => {
  for (const one of [local, second.name]) await innkeeper.client.changeHost(one, { draining: one !== taken });
};

beforeAll(async () => {
  await host.files.makeDirectory(shelf, 0o700);
  // Before the second host is made, which has the mounts that there are then.
  await host.run(['mount', '-t', 'tmpfs', '-o', 'mode=700', 'innkeeper-test', shelf]);
  await host.files.write(`${shelf}/password`, 'what nobody knows\n', 0o600);
  innkeeper = await install({ ...secondHostSettings, INNKEEPER_ACCELERATION: 'tcg' });
  local = (await innkeeper.client.hosts())[0]?.name ?? '';
  second = await startSecondHost(prefix);
  await innkeeper.client.addHost({ address: second.address, name: second.name });
  const target = { name: 'nas', repository: `${shelf}/repository`, mount: shelf, passwordFile: `${shelf}/password` };
  await innkeeper.client.addBackupTarget(target);
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await second.remove();
  await host.run(['umount', '-l', shelf]);
  await host.files.remove(shelf);
});

describe('a backup at a place that every host reaches', () => {
  let said = '';

  it('brings a container back on another host, where its image never was', { timeout: 300_000 }, async () => {
    await only(local);
    await done(innkeeper.client.put(name, spec));
    expect(await placeOf(name)).toBe(local);
    await booted(name);
    await inside(name, changes);
    said = await inside(name, portrait);
    const backup = await backUp(name);
    await done(innkeeper.client.remove(name));
    await only(second.name);
    await done(innkeeper.client.restoreBackup(backup, {}));
    expect(await placeOf(name)).toBe(second.name);
    await booted(name);
    expect(await inside(name, portrait)).toBe(said);
  });

  it('is made from there as well, and verified and brought back here beside it', { timeout: 300_000 }, async () => {
    await inside(name, 'echo later > /mnt/data/later; sync');
    const backup = await backUp(name);
    await only(local);
    await done(innkeeper.client.verifyBackup(backup));
    expect((await innkeeper.client.backup(backup)).verified).toMatchObject({ ok: true });
    await done(innkeeper.client.restoreBackup(backup, { as: `${guestPrefix}-two` }));
    expect([await placeOf(name), await placeOf(`${guestPrefix}-two`)]).toEqual([second.name, local]);
    expect(await inside(`${guestPrefix}-two`, 'cat /mnt/data/file /mnt/data/later')).toBe('kept\nlater\n');
    await done(innkeeper.client.remove(`${guestPrefix}-two`));
    await done(innkeeper.client.remove(name));
  });

  it('brings a machine back from there, with its disks', { timeout: 300_000 }, async () => {
    const machine = `${guestPrefix}-vm`;
    const disks: WorkloadSpec = {
      image: 'windows/11',
      cpus: 1,
      memory: '256MiB',
      disk: '1GiB',
      power: 'stopped',
      volumes: [{ name: 'data', size: '64MiB' }],
    };
    await only(second.name);
    await done(innkeeper.client.put(machine, disks));
    expect(await placeOf(machine)).toBe(second.name);
    const { id } = await innkeeper.client.workload(machine);
    const { disk, volume } = disksOf(id);
    for (const path of [disk, volume])
      await second.host.run(['qemu-io', '-f', 'qcow2', '-c', 'write -P 7 0 64k', path]);
    const backup = await backUp(machine);
    await done(innkeeper.client.remove(machine));
    await only(local);
    await done(innkeeper.client.restoreBackup(backup, {}));
    expect(await placeOf(machine)).toBe(local);
    const { id: now } = await innkeeper.client.workload(machine);
    const { disk: back, volume: backVolume } = disksOf(now);
    expect([await firstByte(back), await firstByte(backVolume)]).toEqual([7, 7]);
    await done(innkeeper.client.remove(machine));
  });
});
