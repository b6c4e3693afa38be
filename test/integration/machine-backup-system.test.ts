import type { BackupView, OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inside } from './inside.ts';
import { host, type Installation, install, paths } from './installation.ts';
import { machinesLeft } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmbaksys';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmby';
});

const shelf = '/tmp/innkeeper-test-vmbaksys-shelf';
const name = 'test-vmby-one';
const other = 'test-vmby-two';
const bootMs = 300_000;
const ids: string[] = [];
let innkeeper: Installation;

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};

/** Our program inside answers. */
const booted = async (): Promise<void> => {
  ids.push((await innkeeper.client.workload(name)).id);
  const deadline = Date.now() + bootMs;
  for (;;) {
    try {
      await inside(name, 'true');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
};

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(`${shelf}/password`, 'what nobody knows\n', 0o600);
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  const [repository, passwordFile] = [`${shelf}/repository`, `${shelf}/password`];
  await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile });
  const spec = { image: 'debian/12', backend: 'kvm', memory: '512MiB' } as const;
  await done(innkeeper.client.put(name, spec));
  await booted();
}, 500_000);

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await machinesLeft(ids)).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('a machine with a system inside', () => {
  let backup: BackupView | undefined;

  it('is backed up while it runs, with its file systems frozen, and its image once', async () => {
    await inside(name, 'echo held > /root/held');
    await done(innkeeper.client.makeBackup(name, {}));
    [backup] = await innkeeper.client.backups({ workload: name });
    expect(backup).toMatchObject({ state: 'ready', image: 'debian/12', driver: 'kvm' });
    await inside(name, 'echo later > /root/later');
    await done(innkeeper.client.makeBackup(name, {}));
    expect((await innkeeper.client.backups({ workload: name })).at(-1)?.addedBytes).toBeLessThan(60_000_000);
  });

  it('is told as somebody else by cloud-init where another one is made beside it', async () => {
    await done(innkeeper.client.restoreBackup(backup?.name ?? '', { as: other, power: 'stopped' }));
    const { id, spec, drift } = await innkeeper.client.workload(other);
    expect({ cloudInit: spec?.cloudInit, drift }).toEqual({ cloudInit: {}, drift: [] });
    const seed = `${paths.state}/disks/${id}/seed.iso`;
    await host.run(['osirrox', '-indev', seed, '-extract', '/meta-data', `${shelf}/meta-data`]);
    expect(await host.files.readText(`${shelf}/meta-data`)).toContain(`"instance-id":"${id}"`);
    const told = await host.files.read(seed);
    await done(innkeeper.client.makeBackup(other, {}));
    const [later] = await innkeeper.client.backups({ workload: other });
    await done(innkeeper.client.remove(other));
    await done(innkeeper.client.restoreBackup(later?.name ?? '', {}));
    // It goes on as itself, and does nothing of its first boot again.
    const again = (await innkeeper.client.workload(other)).id;
    expect(Buffer.compare(await host.files.read(`${paths.state}/disks/${again}/seed.iso`), told)).toBe(0);
    await done(innkeeper.client.remove(other));
  });

  it('goes on when it is removed with its image, and brought back', async () => {
    await done(innkeeper.client.remove(name));
    for (const folder of ['images', 'disks', 'volumes', 'kernels']) await host.files.remove(`${paths.state}/${folder}`);
    await done(innkeeper.client.restoreBackup(backup?.name ?? '', {}));
    await booted();
    expect(await inside(name, 'hostname; cat /root/held; ls /root')).toBe(`${name}\nheld\nheld\n`);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
  }, 500_000);
});
