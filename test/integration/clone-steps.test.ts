import type { OperationView } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { broken, failOnce, host, type Installation, install, killed, leftOnHost, paths } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-clone';
  process.env.INNKEEPER_TEST_GUESTS = 'test-clone';
});

/** Behind everything that can be undone without a start. */
const begins: ReadonlySet<string> = new Set(['start', 'observe', 'addresses']);
const source = 'test-clone-source';
const copy = 'test-clone-copy';
const steps = ['place', 'source', 'copy', 'let go', 'define', 'start', 'observe', 'addresses'] as const;

let innkeeper: Installation;
/** What the host has, and has promised, of the source alone. */
let alone: unknown;

const finished = (operation: OperationView): Promise<OperationView> => innkeeper.finished(operation);
const clone = async (snapshot?: string): Promise<OperationView> =>
  finished(await innkeeper.client.clone(source, { name: copy, ...(snapshot === undefined ? {} : { snapshot }) }));
const remove = async (of: string): Promise<void> =>
  expect(await finished(await innkeeper.client.remove(of))).toMatchObject({ state: 'done' });
const failure = { state: 'failed', error: { detail: 'made to fail by a test' } };

const everything = async (): Promise<unknown> => {
  const [first] = await innkeeper.client.hosts();
  return {
    workloads: (await innkeeper.client.workloads()).filter(({ managed }) => managed).map(({ name }) => name),
    left: (await leftOnHost()).filter((line) => !line.includes('/var/lib/innkeeper/roots/')),
    volumes: await host.files.list(`${paths.state}/volumes`),
    claimed: first?.capacity?.claimed,
    leases: (await innkeeper.client.leases('default')).filter(({ workload }) => workload.startsWith('test-clone'))
      .length,
  };
};

/** The source runs on as it was, and nothing of the clone is anywhere. */
const expectAlone = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  const { id, state, drift } = await innkeeper.client.workload(source);
  expect({ state, drift }).toEqual({ state: 'running', drift: [] });
  expect(await everything()).toEqual(alone);
  expect((await host.files.list(`${paths.state}/roots/${id}`)).filter((file) => file.includes('.'))).toEqual([
    'root.json',
  ]);
  expect(await inside(source, 'cat /root/note; cat /mnt/data/note')).toBe('held\nheld\n');
};

const expectWhole = async (): Promise<void> => {
  expect(await innkeeper.client.workload(copy)).toMatchObject({ state: 'running', drift: [] });
  expect(await inside(copy, 'hostname; cat /root/note; cat /mnt/data/note')).toBe(`${copy}\nheld\nheld\n`);
  const { id } = await innkeeper.client.workload(copy);
  expect((await host.files.list(`${paths.state}/roots/${id}`)).sort()).toEqual([
    'lower',
    'root',
    'root.json',
    'upper',
    'work',
  ]);
  await remove(copy);
};

beforeAll(async () => {
  innkeeper = await install();
  const spec = { image: 'debian/12', memory: '256MiB', volumes: [{ name: 'data', size: '1GiB' }] };
  expect(await finished((await innkeeper.client.put(source, spec)) as OperationView)).toMatchObject({ state: 'done' });
  await booted(source);
  await inside(source, 'echo held > /root/note; echo held > /mnt/data/note');
  expect(await finished(await innkeeper.client.snapshot(source, { name: 'kept' }))).toMatchObject({ state: 'done' });
  alone = await everything();
});

afterEach(expectAlone);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  await remove(source);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('making a clone', () => {
  it.each([undefined, 'kept'])('goes through the steps that are tested here: of %s', async (snapshot) => {
    const end = await clone(snapshot);
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
    let [failed, stopped] = [false, false];
    innkeeper.fault = (point) => {
      if (point === `after ${begins.has(step) ? 'addresses' : 'define'}` && !failed) {
        failed = true;
        throw broken();
      }
      if (point === `after undo of ${step}` && !stopped) {
        stopped = true;
        throw killed();
      }
    };
    expect(await clone()).toMatchObject(failure);
    expect(stopped).toBe(true);
  });
});

describe('a copy that a kill cut short', () => {
  it('is begun anew', async () => {
    let cut = false;
    innkeeper.fault = async (point) => {
      if (point !== 'before copy' || cut) return;
      cut = true;
      // As it is in the middle: half of it there.
      const half = `${paths.state}/roots/${(await innkeeper.client.workload(copy)).id}`;
      await host.files.makeDirectory(`${half}/upper`, 0o755);
      await host.files.makeDirectory(`${half}/upper.new`, 0o755);
      await host.files.write(`${half}/upper/half`, 'half');
      throw killed();
    };
    expect(await clone()).toMatchObject({ state: 'done' });
    expect(cut).toBe(true);
    expect(await inside(copy, 'ls /')).not.toContain('half');
    await expectWhole();
  });
});
