import type { OperationView } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  broken,
  cutUndo,
  failOnce,
  host,
  type Installation,
  install,
  killed,
  leftOnHost,
  paths,
} from './installation.ts';
import { type Disks, disksOf, fill, held, machineSpec, machinesLeft, qemu, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmcopy';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmclone';
});

const source = 'test-vmclone-source';
const copy = 'test-vmclone-copy';
const steps = ['place', 'source', 'copy', 'let go', 'identity', 'addresses', 'define', 'stop', 'observe'] as const;

let innkeeper: Installation;
let id: string;
/** What the host has, and has promised, of the source alone; and what that holds. */
let alone: unknown;
let holding: Awaited<ReturnType<typeof held>>;
/** What the source does. */
let expected: 'running' | 'stopped' = 'stopped';

const finished = async (operation: Promise<OperationView | undefined>): Promise<OperationView> =>
  innkeeper.finished(await operation);
/** Not started: what a start is like is no part of what is tested here. */
const clone = (snapshot?: string): Promise<OperationView> =>
  finished(
    innkeeper.client.clone(source, { name: copy, power: 'stopped', ...(snapshot === undefined ? {} : { snapshot }) }),
  );
const remove = async (of: string): Promise<void> =>
  expect(await finished(innkeeper.client.remove(of))).toMatchObject({ state: 'done' });
const failure = { state: 'failed', error: { detail: 'made to fail by a test' } };

const everything = async (): Promise<unknown> => {
  const [first] = await innkeeper.client.hosts();
  const libvirt = ['/var/lib/libvirt/swtpm', '/var/lib/libvirt/qemu/nvram'];
  const folders = [`${paths.state}/disks`, `${paths.state}/volumes`, ...libvirt];
  return {
    workloads: (await innkeeper.client.workloads()).filter(({ managed }) => managed).map(({ name }) => name),
    left: await leftOnHost(),
    files: await Promise.all(folders.map(async (folder) => (await host.files.list(folder)).sort())),
    beside: (await host.files.list(`${paths.state}/disks/${id}`)).sort(),
    claimed: first?.capacity?.claimed,
    leases: (await innkeeper.client.leases('default')).filter(({ workload }) => workload.startsWith(copy)).length,
  };
};

/** The source holds what it held, and nothing of the clone is anywhere. */
const expectAlone = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  const { state, drift } = await innkeeper.client.workload(source);
  expect({ state, drift }).toEqual({ state: expected, drift: [] });
  expect(await everything()).toEqual(alone);
  if (expected === 'stopped') expect(await held(id)).toEqual(holding);
};

const expectWhole = async (byte = holding.bytes[0]): Promise<void> => {
  const { id: made, state, drift } = await innkeeper.client.workload(copy);
  expect({ state, drift }).toEqual({ state: 'stopped', drift: [] });
  expect((await host.files.list(`${paths.state}/disks/${made}`)).sort()).toEqual(['clone.json', 'root.qcow2']);
  expect(await host.files.list(`${paths.state}/volumes/${made}`)).toEqual(['data.qcow2']);
  const now = await held(made);
  expect(now.bytes).toEqual([byte, byte]);
  if (expected === 'stopped') expect(now.state).toBe(holding.state);
  await remove(copy);
};

beforeAll(async () => {
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  expect(await finished(innkeeper.client.put(source, machineSpec))).toMatchObject({ state: 'done' });
  ({ id } = await innkeeper.client.workload(source));
  await fill(id, 1);
  expect(await finished(innkeeper.client.snapshot(source, { name: 'kept' }))).toMatchObject({ state: 'done' });
  await fill(id, 2);
  await unplug(innkeeper, source);
  const stopped = innkeeper.client.put(source, { ...machineSpec, power: 'stopped' }) as Promise<OperationView>;
  expect(await finished(stopped)).toMatchObject({ state: 'done' });
  holding = await held(id);
  alone = await everything();
});

afterEach(expectAlone);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  await remove(source);
  expect(await machinesLeft([id])).toEqual([]);
  await innkeeper.stop();
});

describe('making a clone of a machine', () => {
  it('goes through the steps that are tested here', async () => {
    const end = await clone();
    expect(end).toMatchObject({ state: 'done' });
    expect(end.steps.map(({ name }) => name)).toEqual(steps);
    await expectWhole();
  });

  it.each(steps.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s, and nothing is left of it',
    async (where) => {
      failOnce(innkeeper, where, broken);
      expect(await clone()).toMatchObject(failure);
      await expect(innkeeper.client.workload(copy)).rejects.toMatchObject({ code: 'not_found' });
    },
  );

  it.each(steps)('comes to the same result when %s is run twice', async (step) => {
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await clone()).toMatchObject({ state: 'done' });
    await expectWhole();
  });

  it.each(steps)('is unwound as well when the undo of %s is run twice', async (step) => {
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await clone()).toMatchObject(failure);
    expect(wasCut()).toBe(true);
  });
});

it('a clone that is to run is unwound as well when it has started', async () => {
  failOnce(innkeeper, 'after start', broken);
  expect(await finished(innkeeper.client.clone(source, { name: copy }))).toMatchObject(failure);
  await expect(innkeeper.client.workload(copy)).rejects.toMatchObject({ code: 'not_found' });
});

describe('a copy of a machine that a kill cut short', () => {
  /** As it is in the middle: half of it there. */
  const cutShort = (and: () => Promise<void>): (() => boolean) => {
    let cut = false;
    innkeeper.fault = async (point) => {
      if (point !== 'before copy' || cut) return;
      cut = true;
      const { disk, volume, tpm }: Disks = disksOf((await innkeeper.client.workload(copy)).id);
      await host.run(['mkdir', '-p', '--', disk.replace(/\/[^/]*$/, ''), volume.replace(/\/[^/]*$/, ''), `${tpm}.new`]);
      for (const path of [`${disk}.new`, volume]) await host.files.write(path, 'half');
      await and();
      throw killed();
    };
    return () => cut;
  };

  it('is begun anew', async () => {
    const wasCut = cutShort(async () => undefined);
    expect(await clone()).toMatchObject({ state: 'done' });
    expect(wasCut()).toBe(true);
    await expectWhole();
  });

  it('is begun anew of a snapshot', async () => {
    const wasCut = cutShort(async () => undefined);
    expect(await clone('kept')).toMatchObject({ state: 'done' });
    expect(wasCut()).toBe(true);
    const made = await innkeeper.client.workload(copy);
    expect((await held(made.id)).bytes).toEqual([1, 1]);
    await remove(copy);
  });

  it('and has left the other one standing still lets that go on', async () => {
    expect(await finished(innkeeper.client.act(source, 'start'))).toMatchObject({ state: 'done' });
    expected = 'running';
    alone = await everything();
    await fill(id, 3);
    const { startedAt } = await innkeeper.client.workload(source);
    const wasCut = cutShort(() => qemu.suspend(id));
    expect(await clone()).toMatchObject({ state: 'done' });
    expect(wasCut()).toBe(true);
    expect(await innkeeper.client.workload(source)).toMatchObject({ state: 'running', startedAt });
    await expectWhole(3);
  });
});
