import type { BackupView, OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { host, type Installation, install, paths } from './installation.ts';
import { fill, held, machineSpec, machinesLeft, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmbak';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmbak';
});

const shelf = '/tmp/innkeeper-test-vmbak-shelf';
const name = 'test-vmbak-one';
const other = 'test-vmbak-two';
const ids: string[] = [];
let innkeeper: Installation;

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};
const idOf = async (of: string): Promise<string> => {
  const { id } = await innkeeper.client.workload(of);
  ids.push(id);
  return id;
};
const backUp = async (of = name): Promise<BackupView> => {
  await done(innkeeper.client.makeBackup(of, {}));
  const newest = (await innkeeper.client.backups({ workload: of })).at(-1);
  if (newest === undefined) throw new Error('there is no backup');
  return newest;
};

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(`${shelf}/password`, 'what nobody knows\n', 0o600);
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  const [repository, passwordFile] = [`${shelf}/repository`, `${shelf}/password`];
  await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile });
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await done(innkeeper.client.remove(left));
  expect(await machinesLeft(ids)).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('a machine without a system', () => {
  it('is backed up while it runs, which it goes on with', async () => {
    await done(innkeeper.client.put(name, machineSpec));
    const id = await idOf(name);
    const before = await innkeeper.client.workload(name);
    await fill(id, 5);
    const { steps } = await done(innkeeper.client.makeBackup(name, {}));
    expect(steps.map((step) => step.name)).toEqual(['record', 'copy', 'send', 'complete', 'clear', 'observe']);
    const after = await innkeeper.client.workload(name);
    expect(after).toMatchObject({ state: 'running', startedAt: before.startedAt, drift: [] });
    expect(await innkeeper.client.snapshots(name)).toEqual([]);
    expect(await host.files.list(`${paths.state}/disks/${id}`)).toEqual(['root.qcow2']);
  });

  it('is made again as it was when it is gone, with what firmware and TPM remember, and starts from that', async () => {
    await unplug(innkeeper, name);
    const before = await held(await idOf(name));
    const backup = await backUp();
    expect(backup).toMatchObject({ state: 'ready', image: 'windows/11', driver: 'kvm' });
    const { spec } = await innkeeper.client.workload(name);
    await done(innkeeper.client.remove(name));
    const { steps } = await done(innkeeper.client.restoreBackup(backup.name, { power: 'stopped' }));
    expect(steps.map((step) => step.name)).toEqual([
      'place',
      'look',
      'acceleration',
      'fetch',
      'addresses',
      'define',
      'stop',
      'observe',
    ]);
    const id = await idOf(name);
    expect(await held(id)).toEqual(before);
    expect((await innkeeper.client.workload(name)).spec).toEqual({ ...spec, power: 'stopped' });
    await done(innkeeper.client.act(name, 'start'));
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
    await unplug(innkeeper, name);
    expect((await held(id)).bytes).toEqual([5, 5]);
  });

  it('stands in the way of its own name, and another one is made beside it', async () => {
    const [first] = await innkeeper.client.backups({ workload: name });
    const backup = first?.name ?? '';
    await expect(innkeeper.client.restoreBackup(backup, {})).rejects.toMatchObject({ code: 'conflict' });
    await done(innkeeper.client.restoreBackup(backup, { as: other, power: 'stopped' }));
    const id = await idOf(other);
    expect((await held(id)).bytes).toEqual([5, 5]);
    await done(innkeeper.client.remove(other));
  });

  it('is verified by that it starts and goes on, where nothing inside may answer', async () => {
    const backup = (await innkeeper.client.backups()).at(-1)?.name ?? '';
    const { workload } = await done(innkeeper.client.verifyBackup(backup));
    expect((await innkeeper.client.backup(backup)).verified).toMatchObject({
      ok: true,
      text: expect.stringContaining('ran on for a minute'),
    });
    await expect(innkeeper.client.workload(workload.name)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('has no files that can be listed, and the refusal says what to do', async () => {
    const backup = (await innkeeper.client.backups()).at(-1)?.name ?? '';
    await expect(innkeeper.client.backupFiles(backup, '/')).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining(`inn backup restore ${backup} --as`),
    });
  });
});
