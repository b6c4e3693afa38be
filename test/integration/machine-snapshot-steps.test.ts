import type { OperationView } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { broken, cutUndo, failOnce, host, type Installation, install, killed, paths } from './installation.ts';
import { disksOf, fill, held, machineSpec, machinesLeft, qemu, spoil, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmsnap';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmsnap';
});

const name = 'test-vmsnap-steps';
const steps = {
  snapshot: ['record', 'copy', 'complete', 'observe'],
  restore: ['look', 'stop', 'put back', 'start', 'stand', 'observe', 'clear'],
  remove: ['mark', 'delete', 'forget'],
} as const;
const undone = steps.restore.filter((step) => step !== 'clear');

let innkeeper: Installation;
let id: string;
let count = 0;
/** What it has to do after each test. */
let expected: 'running' | 'stopped' = 'running';

const nextName = (): string => {
  count += 1;
  return `s${count}`;
};
/** A byte that no other test has written. */
const nextByte = (): number => {
  count += 1;
  return count % 256;
};

const finished = async (operation: Promise<OperationView | undefined>): Promise<OperationView> =>
  innkeeper.finished(await operation);
const create = (called: string): Promise<OperationView> => finished(innkeeper.client.snapshot(name, { name: called }));
const restore = (called: string): Promise<OperationView> => finished(innkeeper.client.restore(name, called));
const remove = (called: string): Promise<OperationView> => finished(innkeeper.client.removeSnapshot(name, called));
const names = async (): Promise<string[]> => (await innkeeper.client.snapshots(name)).map((one) => one.name);
const current = async (): Promise<string | undefined> =>
  (await innkeeper.client.snapshots(name)).find((one) => one.current)?.name;

/** What lies beside its disks, but for snapshots that are whole; and that it does what it did. */
const expectTidy = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  expect(await innkeeper.client.workload(name)).toMatchObject({ state: expected });
  const { snapshots, nvram, tpm } = disksOf(id);
  expect((await host.files.list(`${paths.state}/disks/${id}`)).sort()).toEqual(['root.qcow2', 'snapshots']);
  expect(await host.files.list(`${paths.state}/volumes/${id}`)).toEqual(['data.qcow2']);
  for (const path of [nvram, tpm]) expect(await host.files.facts(`${path}.new`)).toBeUndefined();
  const kept = (await innkeeper.client.snapshots(name)).map((one) => one.id).sort();
  expect((await host.files.list(snapshots)).sort()).toEqual(kept);
};

beforeAll(async () => {
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  expect(await finished(innkeeper.client.put(name, machineSpec))).toMatchObject({ state: 'done' });
  ({ id } = await innkeeper.client.workload(name));
});

afterEach(expectTidy);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  expect(await finished(innkeeper.client.remove(name))).toMatchObject({ state: 'done' });
  expect(await machinesLeft([id])).toEqual([]);
  await innkeeper.stop();
});

const stepsOf = ({ steps: made }: OperationView): string[] => made.map((step) => step.name);
const failure = { state: 'failed', error: { detail: 'made to fail by a test' } };

describe('making a snapshot of a machine that runs', () => {
  it('goes through the steps that are tested here', async () => {
    await fill(id, nextByte());
    expect(stepsOf(await create('first'))).toEqual(steps.snapshot);
  });

  it.each(steps.snapshot.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s',
    async (where) => {
      const [before, stood] = [await names(), await current()];
      failOnce(innkeeper, where, broken);
      expect(await create(nextName())).toMatchObject(failure);
      expect([await names(), await current()]).toEqual([before, stood]);
    },
  );

  it.each(steps.snapshot)('comes to the same result when %s is run twice', async (step) => {
    const called = `twice-${step}`;
    await fill(id, 200 + steps.snapshot.indexOf(step));
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await create(called)).toMatchObject({ state: 'done' });
    expect(await current()).toBe(called);
    await fill(id, nextByte());
  });

  it('comes to the same result when a kill has left it standing still, with half of a copy', async () => {
    let cut = false;
    innkeeper.fault = async (point) => {
      if (point !== 'before copy' || cut) return;
      cut = true;
      const made = (await innkeeper.client.snapshots(name)).find((one) => one.state === 'creating');
      const half = `${disksOf(id).snapshots}/${made?.id}.new`;
      await host.files.makeDirectory(half);
      await host.files.write(`${half}/disk.qcow2`, 'half');
      await qemu.suspend(id);
      throw killed();
    };
    expect(await create(nextName())).toMatchObject({ state: 'done' });
    expect(cut).toBe(true);
  });

  it.each(steps.snapshot)('is unwound as well when the undo of %s is run twice', async (step) => {
    const before = await names();
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await create(nextName())).toMatchObject({ state: 'failed' });
    expect(wasCut()).toBe(true);
    expect(await names()).toEqual(before);
  });
});

describe('going back to a snapshot of a machine', () => {
  it('is unwound where it ran: it holds what it held, and runs again', async () => {
    const stood = await current();
    const byte = nextByte();
    await fill(id, byte);
    failOnce(innkeeper, 'after start', broken);
    expect(await restore('first')).toMatchObject(failure);
    expect(await current()).toBe(stood);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running' });
    await unplug(innkeeper, name);
    expected = 'stopped';
    expect((await held(id)).bytes).toEqual([byte, byte]);
  });

  it.each(steps.snapshot)('finds what was kept when the step %s of keeping it was run twice', async (step) => {
    const byte = 200 + steps.snapshot.indexOf(step);
    expect(stepsOf(await restore(`twice-${step}`))).toEqual(steps.restore);
    expect((await held(id)).bytes).toEqual([byte, byte]);
  });

  it.each([...undone.flatMap((step) => [`before ${step}`, `after ${step}`]), 'before clear'])(
    'is unwound when it fails %s: the machine holds what it held before',
    async (where) => {
      await fill(id, nextByte());
      const [before, stood] = [await held(id), await current()];
      failOnce(innkeeper, where, broken);
      expect(await restore('first')).toMatchObject(failure);
      expect([await held(id), await current()]).toEqual([before, stood]);
    },
  );

  it.each(steps.restore)('comes to the same result when %s is run twice', async (step) => {
    expect(await restore('first')).toMatchObject({ state: 'done' });
    const wanted = await held(id);
    await fill(id, nextByte());
    await spoil(id);
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await restore('first')).toMatchObject({ state: 'done' });
    expect([await held(id), await current()]).toEqual([wanted, 'first']);
  });

  it.each(undone)('is unwound as well when the undo of %s is run twice', async (step) => {
    await fill(id, nextByte());
    const before = await held(id);
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await restore('twice-copy')).toMatchObject({ state: 'failed' });
    expect(wasCut()).toBe(true);
    expect([await held(id), await current()]).toEqual([before, 'first']);
  });
});

describe('removing a snapshot of a machine', () => {
  it.each(steps.remove)('comes to the same result when %s is run twice', async (step) => {
    const called = nextName();
    await create(called);
    failOnce(innkeeper, `after ${step}`, killed);
    expect(stepsOf(await remove(called))).toEqual(steps.remove);
    expect(await names()).not.toContain(called);
  });

  it.each(steps.remove)('that failed before %s is finished by asking again', async (step) => {
    const called = nextName();
    await create(called);
    failOnce(innkeeper, `before ${step}`, broken);
    expect(await remove(called)).toMatchObject(failure);
    expect(await remove(called)).toMatchObject({ state: 'done' });
    expect(await names()).not.toContain(called);
  });
});
