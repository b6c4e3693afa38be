import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { broken, failOnce, type Installation, install, killed, leftOnHost, viewWhere } from './installation.ts';
import { adopting, looks, refusal, strangers } from './strangers.ts';

const { container, classic, lxc } = strangers;

let innkeeper: Installation;
let { adopt, release, releaseAll }: ReturnType<typeof adopting> = {} as never;

beforeAll(async () => {
  await strangers.remove();
  innkeeper = await install();
  ({ adopt, release, releaseAll } = adopting(innkeeper));
  await strangers.placeContainer();
  await classic.start();
  for (const { name } of [container, classic]) await viewWhere(innkeeper, name, ({ managed }) => !managed);
});

afterEach(() => releaseAll());

afterAll(async () => {
  await innkeeper.stop();
  await strangers.remove();
  expect(await leftOnHost()).toEqual([]);
});

describe('an adoption', () => {
  const { uuid, name } = container;

  it('is refused for a guest that is ours, twice, and for one that is not there', async () => {
    await adopt(uuid);
    expect(await refusal(innkeeper.client.adopt(uuid, {}))).toBe(`${name} is managed already as ${name}`);
    expect(await refusal(innkeeper.client.adopt(randomUUID(), {}))).toMatch(/^There is no guest/);
    await release(name);
    expect(await refusal(innkeeper.client.release(name))).toMatch(/There is no workload/);
  });

  it('is refused for a name that is taken, and for what is no name', async () => {
    expect(await refusal(innkeeper.client.adopt(uuid, { name: classic.name }))).toMatch(/did not create/);
    expect(await refusal(innkeeper.client.adopt(uuid, { name: 'Not a name' }))).toMatch(/cannot be a name/);
  });

  it('is one, whoever is first, when two ask at once', async () => {
    const asked = await Promise.allSettled([
      innkeeper.client.adopt(uuid, {}),
      innkeeper.client.adopt(uuid, { name: 'test-op-second' }),
    ]);
    const accepted = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(accepted).toHaveLength(1);
    for (const operation of accepted) {
      expect((await innkeeper.finished(operation)).state).toBe('done');
      await release(operation.workload.name);
    }
  });

  it('counts what it uses once: for the foreign guests before, for its own claims after', async () => {
    const used = async () => {
      const [{ capacity } = { capacity: undefined }] = await innkeeper.client.hosts();
      return [capacity?.foreign.memoryBytes ?? 0, capacity?.claimed.memoryBytes ?? 0];
    };
    const [foreign = 0, claimed = 0] = await used();
    const own = 64 * 2 ** 20;
    await adopt(uuid);
    expect(await used()).toEqual([foreign - own, claimed + own]);
    await release(name);
    expect(await used()).toEqual([foreign, claimed]);
  });

  const steps = ['claims', 'metadata', 'observe'];

  it.each(steps)('leaves the guest as it was when %s fails', async (step) => {
    const before = await looks(lxc, uuid);
    failOnce(innkeeper, `after ${step}`, broken);
    expect(await adopt(uuid)).toMatchObject({ state: 'failed', error: { detail: 'made to fail by a test' } });
    expect(await looks(lxc, uuid)).toEqual(before);
    expect(await innkeeper.client.workload(name)).toMatchObject({ managed: false });
  });

  it.each(steps)('comes to the same result when %s is run twice', async (step) => {
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await adopt(uuid)).toMatchObject({ state: 'done' });
    expect(await innkeeper.client.workload(name)).toMatchObject({ adopted: true, state: 'running', drift: [] });
    await release(name);
  });

  it.each(['metadata', 'observe', 'forget'])('is undone by a release whose %s is run twice', async (step) => {
    const before = await looks(lxc, uuid);
    await adopt(uuid);
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await release(name)).toMatchObject({ state: 'done' });
    expect(await looks(lxc, uuid)).toEqual(before);
    expect(await innkeeper.client.workload(name)).toMatchObject({ managed: false });
  });
});
