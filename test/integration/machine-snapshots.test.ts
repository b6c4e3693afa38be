import type { NewSnapshot, OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { host, type Installation, install, viewWhere } from './installation.ts';
import { disksOf, fill, held, machineSpec, machinesLeft, qemu, spoil, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmsnap';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmsnap';
});

const name = 'test-vmsnap-one';
let innkeeper: Installation;
let id: string;

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect(end).toMatchObject({ state: 'done' });
  return end;
};
const create = (parts: NewSnapshot): Promise<OperationView> => done(innkeeper.client.snapshot(name, parts));
const restore = (called: string): Promise<OperationView> => done(innkeeper.client.restore(name, called));
const act = (action: 'start' | 'pause' | 'resume'): Promise<OperationView> => done(innkeeper.client.act(name, action));
const names = async (): Promise<string[]> => (await innkeeper.client.snapshots(name)).map((one) => one.name);

beforeAll(async () => {
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await done(innkeeper.client.put(name, machineSpec));
  ({ id } = await innkeeper.client.workload(name));
});

afterAll(async () => {
  if ((await innkeeper.client.workloads()).some((one) => one.name === name)) await done(innkeeper.client.remove(name));
  expect(await machinesLeft([id])).toEqual([]);
  await innkeeper.stop();
});

describe('snapshots of a virtual machine', () => {
  let state = '';

  it('are made while it runs, which goes on as the same life, and while it is paused or stopped', async () => {
    await fill(id, 1);
    const { startedAt } = await innkeeper.client.workload(name);
    const { steps } = await create({ name: 'running', description: 'the first' });
    expect(steps.map((step) => step.name)).toEqual(['record', 'copy', 'complete', 'observe']);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', startedAt, drift: [] });
    await fill(id, 2);
    await act('pause');
    await create({ name: 'paused' });
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'paused' });
    await act('resume');
    await fill(id, 3);
    await unplug(innkeeper, name);
    ({ state } = await held(id));
    await create({ name: 'stopped' });
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped' });
    const [first, ...others] = await innkeeper.client.snapshots(name);
    expect(first).toMatchObject({ name: 'running', description: 'the first', state: 'ready', current: false });
    expect(first?.sizeBytes).toBeGreaterThan(500_000);
    expect(others.map(({ parent }) => parent)).toEqual(['running', 'paused']);
  });

  it.each([
    ['running', 1],
    ['paused', 2],
    ['stopped', 3],
    ['running', 1],
  ])('are gone back to exactly, the volume too: %s', async (called, byte) => {
    await fill(id, 9);
    await spoil(id);
    await restore(called);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped' });
    const now = await held(id);
    expect(now.bytes).toEqual([byte, byte]);
    expect(now.state).not.toBe('');
    if (called === 'stopped') expect(now.state).toBe(state);
    const current = (await innkeeper.client.snapshots(name)).find((one) => one.current);
    expect(current?.name).toBe(called);
  });

  it('are started from: firmware and TPM take what they remembered for theirs', async () => {
    await restore('running');
    await act('start');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
  });

  it('are gone back to while it runs: it is stopped, and started again', async () => {
    await fill(id, 9);
    await restore('stopped');
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
    await unplug(innkeeper, name);
    expect((await held(id)).bytes).toEqual([3, 3]);
  });

  it('are removed in any order, and none is the worse for it', async () => {
    await done(innkeeper.client.removeSnapshot(name, 'running'));
    await fill(id, 9);
    await restore('paused');
    expect((await held(id)).bytes).toEqual([2, 2]);
    await done(innkeeper.client.removeSnapshot(name, 'stopped'));
    await restore('paused');
    expect(await names()).toEqual(['paused']);
    expect(await host.files.list(disksOf(id).snapshots)).toHaveLength(1);
  });

  it('leave a disk as large as its definition has made it since', async () => {
    await done(innkeeper.client.put(name, { ...machineSpec, disk: '2GiB', power: 'stopped' }));
    await restore('paused');
    const { stdout } = await host.run(['qemu-img', 'info', '--output=json', disksOf(id).disk]);
    expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': 2 ** 31 });
    expect((await held(id)).bytes).toEqual([2, 2]);
    expect(await innkeeper.client.workload(name)).toMatchObject({ drift: [] });
  });
});

describe('what is refused', () => {
  it('is a snapshot of a machine with a disk that it would not hold', async () => {
    const more = '/tmp/innkeeper-test-vmsnap/more.qcow2';
    await host.run(['qemu-img', 'create', '-q', '-f', 'qcow2', more, '1M']);
    const xml = (await qemu.xml([id], { inactive: true })).get(id) ?? '';
    const disk = `<disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${more}"/><target dev="vdq" bus="virtio"/></disk></devices>`;
    await qemu.define(xml.replace('</devices>', disk));
    const end = await innkeeper.finished(await innkeeper.client.snapshot(name, { name: 'half' }));
    expect(end).toMatchObject({
      state: 'failed',
      error: { code: 'unsupported', detail: `${name} has what no snapshot would hold: vdq (${more})` },
    });
    await qemu.define(xml);
    expect(await names()).toEqual(['paused']);
  });

  it('is a snapshot of a stopped machine while somebody writes into its disk, and going back', async () => {
    const writer = host.spawn(['qemu-io', '-f', 'qcow2', disksOf(id).disk]);
    await new Promise((resolve) => void writer.stdout.once('data', resolve));
    const refused = { state: 'failed', error: { code: 'conflict' } };
    try {
      const torn = await innkeeper.client.snapshot(name, { name: 'torn' });
      expect(await innkeeper.finished(torn)).toMatchObject(refused);
      expect(await innkeeper.finished(await innkeeper.client.restore(name, 'paused'))).toMatchObject(refused);
    } finally {
      writer.stdin.end('quit\n');
      await writer.exit;
    }
    expect(await names()).toEqual(['paused']);
  });

  it('is going back under memory that was saved', async () => {
    await qemu.start(id);
    await host.run(['virsh', '-q', '-c', 'qemu:///system', 'managedsave', id]);
    await viewWhere(innkeeper, name, (view) => view.state === 'stopped');
    const end = await innkeeper.finished(await innkeeper.client.restore(name, 'paused'));
    expect(end).toMatchObject({ state: 'failed', error: { code: 'conflict' } });
    expect(end.error?.detail).toContain('saved memory');
    await host.run(['virsh', '-q', '-c', 'qemu:///system', 'managedsave-remove', id]);
  });
});

describe('a database that is lost', () => {
  it('takes snapshots back from the notes beside them', async () => {
    await innkeeper.loseDatabase();
    await viewWhere(innkeeper, name, () => true);
    await innkeeper.client.recover({ apply: true });
    expect(await names()).toEqual(['paused']);
    await fill(id, 9);
    await restore('paused');
    expect((await held(id)).bytes).toEqual([2, 2]);
  });
});
