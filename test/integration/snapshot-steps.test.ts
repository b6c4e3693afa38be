import type { OperationView, SnapshotChange } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
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

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-snapshots';
  process.env.INNKEEPER_TEST_GUESTS = 'test-snap';
});

const name = 'test-snap-steps';
const steps = {
  snapshot: ['record', 'copy', 'complete', 'observe'],
  restore: ['look', 'stop', 'put back', 'start', 'stand', 'observe', 'clear'],
  change: ['record', 'note'],
  remove: ['mark', 'delete', 'forget'],
} as const;

let innkeeper: Installation;
let count = 0;

const nextName = (): string => {
  count += 1;
  return `s${count}`;
};

const finished = (operation: OperationView): Promise<OperationView> => innkeeper.finished(operation);
const create = async (called: string): Promise<OperationView> =>
  finished(await innkeeper.client.snapshot(name, { name: called }));
const restore = async (called: string): Promise<OperationView> => {
  await booted(name);
  return finished(await innkeeper.client.restore(name, called));
};
const remove = async (called: string): Promise<OperationView> =>
  finished(await innkeeper.client.removeSnapshot(name, called));
const note = (): Promise<string> => inside(name, 'cat /root/note');
const write = (text: string): Promise<string> => inside(name, 'printf %s "$1" > /root/note', text);
const names = async (): Promise<string[]> => (await innkeeper.client.snapshots(name)).map((one) => one.name);
const current = async (): Promise<string | undefined> =>
  (await innkeeper.client.snapshots(name)).find((one) => one.current)?.name;

/** What lies beside the layers, but for snapshots that are whole; and that it runs, with nothing to complain about. */
const expectTidy = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  const { id, state, drift } = await innkeeper.client.workload(name);
  expect({ state, drift }).toEqual({ state: 'running', drift: [] });
  const folder = `${paths.state}/roots/${id}`;
  expect((await host.files.list(folder)).filter((file) => file.includes('.'))).toEqual(['root.json']);
  const held = (await host.files.list(`${folder}/snapshots`)).sort();
  expect(held).toEqual((await innkeeper.client.snapshots(name)).map((one) => one.id).sort());
};

beforeAll(async () => {
  innkeeper = await install();
  const made = await innkeeper.client.put(name, { image: 'debian/12', memory: '256MiB' });
  expect(await innkeeper.finished(made)).toMatchObject({ state: 'done' });
});

afterEach(expectTidy);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  expect(await finished(await innkeeper.client.remove(name))).toMatchObject({ state: 'done' });
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

const stepsOf = ({ steps: done }: OperationView): string[] => done.map((step) => step.name);
const failure = { state: 'failed', error: { detail: 'made to fail by a test' } };

describe('making a snapshot', () => {
  it('goes through the steps that are tested here', async () => {
    await write('first');
    expect(stepsOf(await create(nextName()))).toEqual(steps.snapshot);
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
    const called = nextName();
    await write(called);
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await create(called)).toMatchObject({ state: 'done' });
    expect(await current()).toBe(called);
    await write('later');
    expect(await restore(called)).toMatchObject({ state: 'done' });
    expect(await note()).toBe(called);
  });

  it.each(steps.snapshot)('is unwound as well when the undo of %s is run twice', async (step) => {
    const before = await names();
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await create(nextName())).toMatchObject({ state: 'failed' });
    expect(wasCut()).toBe(true);
    expect(await names()).toEqual(before);
  });
});

describe('going back to a snapshot', () => {
  const [one, two] = ['one', 'two'];
  const undone = steps.restore.filter((step) => step !== 'clear');

  beforeAll(async () => {
    await write(one);
    await create(one);
    await write(two);
    await create(two);
  });

  /** Writes over what `two` holds, and stands on that: one that was unwound does still. */
  const later = async (): Promise<string> => {
    const text = `later ${nextName()}`;
    if ((await current()) !== two) expect(await restore(two)).toMatchObject({ state: 'done' });
    await write(text);
    return text;
  };

  it('goes through the steps that are tested here', async () => {
    expect(stepsOf(await restore(one))).toEqual(steps.restore);
    expect([await note(), await current()]).toEqual([one, one]);
  });

  it.each([...undone.flatMap((step) => [`before ${step}`, `after ${step}`]), 'before clear'])(
    'is unwound when it fails %s: the workload holds what it held before, and runs',
    async (where) => {
      const text = await later();
      failOnce(innkeeper, where, broken);
      expect(await restore(one)).toMatchObject(failure);
      expect([await note(), await current()]).toEqual([text, two]);
    },
  );

  it.each(steps.restore)('comes to the same result when %s is run twice', async (step) => {
    const to = (await current()) === one ? two : one;
    await write(`later ${nextName()}`);
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await restore(to)).toMatchObject({ state: 'done' });
    expect([await note(), await current()]).toEqual([to, to]);
  });

  it.each(undone)('is unwound as well when the undo of %s is run twice', async (step) => {
    const text = await later();
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await restore(one)).toMatchObject({ state: 'failed' });
    expect(wasCut()).toBe(true);
    expect([await note(), await current()]).toEqual([text, two]);
  });
});

describe('removing a snapshot', () => {
  it('goes through the steps that are tested here', async () => {
    const called = nextName();
    await create(called);
    expect(stepsOf(await remove(called))).toEqual(steps.remove);
  });

  it.each(steps.remove)('comes to the same result when %s is run twice', async (step) => {
    const called = nextName();
    await create(called);
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await remove(called)).toMatchObject({ state: 'done' });
    expect(await names()).not.toContain(called);
  });

  it.each(steps.remove)('that failed before %s is finished by asking again', async (step) => {
    const called = nextName();
    await create(called);
    failOnce(innkeeper, `before ${step}`, broken);
    expect(await remove(called)).toMatchObject(failure);
    expect(await names()).toContain(called);
    expect(await remove(called)).toMatchObject({ state: 'done' });
    expect(await names()).not.toContain(called);
  });
});

describe('changing the name and the description of a snapshot', () => {
  const change = async (called: string, to: SnapshotChange): Promise<OperationView> =>
    finished(await innkeeper.client.changeSnapshot(name, called, to));
  /** What is known of it, and what its note says. */
  const words = async (id: string): Promise<unknown[]> => {
    const view = (await innkeeper.client.snapshots(name)).find((one) => one.id === id);
    const { id: uuid } = await innkeeper.client.workload(name);
    const kept = JSON.parse(await host.files.readText(`${paths.state}/roots/${uuid}/snapshots/${id}/snapshot.json`));
    return [view, kept].map(({ name: called, description }) => ({ name: called, description }));
  };
  const twice = (one: unknown): unknown[] => [one, one];
  const fresh = async () => {
    const called = nextName();
    await finished(await innkeeper.client.snapshot(name, { name: called, description: 'before' }));
    const id = (await innkeeper.client.snapshots(name)).find((one) => one.name === called)?.id ?? '';
    const before = { name: called, description: 'before' };
    return { id, before, after: { name: `${called}-later`, description: 'after' } };
  };

  it('goes through the steps that are tested here', async () => {
    const { id, before, after } = await fresh();
    expect(stepsOf(await change(before.name, after))).toEqual(steps.change);
    expect(await words(id)).toEqual(twice(after));
    expect(await change(after.name, { description: '' })).toMatchObject({ state: 'done' });
    expect(await words(id)).toEqual(twice({ name: after.name }));
  });

  it.each(steps.change.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s',
    async (where) => {
      const { id, before, after } = await fresh();
      failOnce(innkeeper, where, broken);
      expect(await change(before.name, after)).toMatchObject(failure);
      expect(await words(id)).toEqual(twice(before));
    },
  );

  it.each(steps.change)('comes to the same result when %s is run twice', async (step) => {
    const { id, before, after } = await fresh();
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await change(before.name, after)).toMatchObject({ state: 'done' });
    expect(await words(id)).toEqual(twice(after));
  });

  it.each(steps.change)('is unwound as well when the undo of %s is run twice', async (step) => {
    const { id, before, after } = await fresh();
    const wasCut = cutUndo(innkeeper, 'note', step);
    expect(await change(before.name, after)).toMatchObject({ state: 'failed' });
    expect(wasCut()).toBe(true);
    expect(await words(id)).toEqual(twice(before));
  });
});
