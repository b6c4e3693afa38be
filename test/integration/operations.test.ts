import type { OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { broken, failOnce as failAt, type Installation, install, killed, leftOnHost } from './installation.ts';

const name = 'test-op';
const spec = { image: 'debian/12' } as const;
const applySteps = ['place', 'image', 'define', 'start', 'observe', 'addresses'];
const renameSteps = ['claims', 'name', 'rename', 'addresses', 'observe'];
const removeSteps = ['claims', 'stop', 'undefine', 'addresses', 'root', 'forget'];

let innkeeper: Installation;

const finished = (operation: OperationView | undefined): Promise<OperationView> => innkeeper.finished(operation);

const failOnce = (where: string, error: () => Error): void => failAt(innkeeper, where, error);

const apply = async (): Promise<OperationView> => finished(await innkeeper.client.put(name, spec));
const remove = async (): Promise<OperationView> => finished(await innkeeper.client.remove(name));

const gone = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  if ((await innkeeper.client.workloads()).some((one) => one.name === name)) await remove();
  expect(await leftOnHost()).toEqual([]);
  const [host] = await innkeeper.client.hosts();
  expect(host?.capacity.claimed).toEqual({ cpus: 0, memoryBytes: 0, diskBytes: 0 });
};

beforeAll(async () => {
  innkeeper = await install();
  // The image is there afterwards, so that each case takes a second and not a minute.
  expect((await apply()).state).toBe('done');
  await gone();
});

afterAll(async () => {
  await gone();
  await innkeeper.stop();
});

describe('creating a container', () => {
  it('goes through the steps that are tested here', async () => {
    expect((await apply()).steps.map((step) => step.name)).toEqual(applySteps);
    expect((await remove()).steps.map((step) => step.name)).toEqual(removeSteps);
    await gone();
  });

  it.each(applySteps.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s',
    async (where) => {
      failOnce(where, broken);
      const { state, error } = await apply();
      expect(state).toBe('failed');
      expect(error?.detail).toBe('made to fail by a test');
      expect(await leftOnHost()).toEqual([]);
      await gone();
    },
  );

  it.each(applySteps)('comes to the same result when %s is run twice', async (step) => {
    failOnce(`after ${step}`, killed);
    expect((await apply()).state).toBe('done');
    expect((await innkeeper.client.workload(name)).state).toBe('running');
    await gone();
  });

  it.each(applySteps)('is unwound as well when the undo of %s is run twice', async (step) => {
    let [failed, stopped] = [false, false];
    innkeeper.fault = (point) => {
      if (point === 'after addresses' && !failed) {
        failed = true;
        throw broken();
      }
      if (point === `after undo of ${step}` && !stopped) {
        stopped = true;
        throw killed();
      }
    };
    expect((await apply()).state).toBe('failed');
    expect(stopped).toBe(true);
    expect(await leftOnHost()).toEqual([]);
    await gone();
  });
});

describe('trying again', () => {
  it('asks once more for what failed, as a new operation, and for nothing else', async () => {
    failOnce('after start', broken);
    const failed = await apply();
    expect(failed.state).toBe('failed');
    const again = await finished(await innkeeper.client.retry(failed.id));
    expect(again).toMatchObject({ kind: 'apply', state: 'done' });
    expect(again.id).not.toBe(failed.id);
    expect((await innkeeper.client.workload(name)).state).toBe('running');
    await expect(innkeeper.client.retry(again.id)).rejects.toThrow(/is done: there is nothing to try again/);
    expect(await innkeeper.client.retry(failed.id)).toBeUndefined();
    await gone();
    await expect(innkeeper.client.retry(failed.id)).rejects.toThrow(/was about test-op, which is gone/);
  });
});

describe('removing a container', () => {
  it.each(removeSteps)('comes to the same result when %s is run twice', async (step) => {
    await apply();
    failOnce(`after ${step}`, killed);
    expect((await remove()).state).toBe('done');
    await gone();
  });

  it.each(removeSteps)('that failed before %s is finished by asking again', async (step) => {
    await apply();
    failOnce(`before ${step}`, broken);
    expect((await remove()).state).toBe('failed');
    expect((await remove()).state).toBe('done');
    await gone();
  });
});

describe('power', () => {
  it.each([
    ['stop', 'stop', 'stopped'],
    ['stop', 'observe', 'stopped'],
    ['restart', 'stop', 'running'],
    ['restart', 'start', 'running'],
    ['restart', 'observe', 'running'],
    ['pause', 'pause', 'paused'],
    ['pause', 'observe', 'paused'],
  ] as const)('%s comes to the same result when its step %s is run twice', async (action, step, state) => {
    await apply();
    failOnce(`after ${step}`, killed);
    expect((await finished(await innkeeper.client.act(name, action))).state).toBe('done');
    expect((await innkeeper.client.workload(name)).state).toBe(state);
    await gone();
  });

  it.each(['resume', 'observe'] as const)(
    'resume comes to the same result when its step %s is run twice',
    async (step) => {
      await apply();
      await finished(await innkeeper.client.act(name, 'pause'));
      failOnce(`after ${step}`, killed);
      expect((await finished(await innkeeper.client.act(name, 'resume'))).state).toBe('done');
      expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
      await gone();
    },
  );

  it('starts a stopped container, and its step start can be run twice', async () => {
    await apply();
    await finished(await innkeeper.client.act(name, 'stop'));
    failOnce('after start', killed);
    expect((await finished(await innkeeper.client.act(name, 'start'))).state).toBe('done');
    expect((await innkeeper.client.workload(name)).state).toBe('running');
    await gone();
  });
});

describe('renaming a container', () => {
  const other = 'test-op-new';
  const rename = async (): Promise<OperationView> => finished(await innkeeper.client.rename(name, other));
  const stopped = async (): Promise<void> => {
    await apply();
    await finished(await innkeeper.client.act(name, 'stop'));
  };
  const goneToo = async (): Promise<void> => {
    innkeeper.fault = () => undefined;
    if ((await innkeeper.client.workloads()).some((one) => one.name === other))
      await finished(await innkeeper.client.remove(other));
    await gone();
  };

  it('goes through the steps that are tested here, and starts by its new name', async () => {
    await stopped();
    const before = await innkeeper.client.workload(name);
    expect((await rename()).steps.map((step) => step.name)).toEqual(renameSteps);
    const after = await innkeeper.client.workload(other);
    expect(after).toEqual({ ...before, name: other, generation: after.generation });
    await expect(innkeeper.client.workload(name)).rejects.toMatchObject({ code: 'not_found' });
    expect((await finished(await innkeeper.client.act(other, 'start'))).state).toBe('done');
    expect(await innkeeper.client.workload(other)).toMatchObject({ state: 'running', addresses: before.addresses });
    await goneToo();
  });

  it.each(renameSteps.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s',
    async (where) => {
      await stopped();
      failOnce(where, broken);
      expect(await rename()).toMatchObject({ state: 'failed', error: { detail: 'made to fail by a test' } });
      expect((await finished(await innkeeper.client.act(name, 'start'))).state).toBe('done');
      await goneToo();
    },
  );

  it.each(renameSteps)('comes to the same result when %s is run twice', async (step) => {
    await stopped();
    failOnce(`after ${step}`, killed);
    expect((await rename()).state).toBe('done');
    expect((await innkeeper.client.workload(other)).state).toBe('stopped');
    await goneToo();
  });

  it.each(renameSteps)('is unwound as well when the undo of %s is run twice', async (step) => {
    await stopped();
    let [failed, stoppedOnce] = [false, false];
    innkeeper.fault = (point) => {
      if (point === 'after observe' && !failed) {
        failed = true;
        throw broken();
      }
      if (point === `after undo of ${step}` && !stoppedOnce) {
        stoppedOnce = true;
        throw killed();
      }
    };
    expect((await rename()).state).toBe('failed');
    expect(stoppedOnce).toBe(true);
    expect((await innkeeper.client.workload(name)).state).toBe('stopped');
    await goneToo();
  });

  it('is refused while it runs, for a name that is taken or is none, and while others name it', async () => {
    await apply();
    const { client } = innkeeper;
    await expect(client.rename(name, other)).rejects.toMatchObject({ code: 'conflict' });
    await finished(await client.act(name, 'stop'));
    await expect(client.rename(name, name)).rejects.toMatchObject({ code: 'conflict' });
    await expect(client.rename(name, '../x')).rejects.toMatchObject({ code: 'invalid' });
    await expect(client.rename('test-op-none', other)).rejects.toMatchObject({ code: 'not_found' });
    const follower = 'test-op-follower';
    await finished(await client.put(follower, { ...spec, placement: { near: [{ workload: name }] } }));
    await expect(client.rename(name, other)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`named by ${follower}`),
    });
    await finished(await client.remove(follower));
    await gone();
  });
});

describe('the same question', () => {
  it('asked twice with one key is one operation', async () => {
    const [first, second] = [
      await innkeeper.client.put(name, spec, { idempotencyKey: 'test-key-1' }),
      await innkeeper.client.put(name, spec, { idempotencyKey: 'test-key-1' }),
    ];
    expect(second?.id).toBe(first?.id);
    await finished(first);
    await gone();
  });
});
