import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Installation, install, leftOnHost } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-schedule';
  process.env.INNKEEPER_TEST_GUESTS = 'test-sched';
});

const name = 'test-sched-one';
const spec: WorkloadSpec = { image: 'debian/12', backend: 'lxc', power: 'stopped', memory: '128MiB', networks: [] };

let innkeeper: Installation;

const names = async (): Promise<string[]> => (await innkeeper.client.snapshots(name)).map((one) => one.name);
const automatic = async (): Promise<string[]> => (await names()).filter((one) => one.startsWith('auto-'));

beforeAll(async () => {
  innkeeper = await install();
  expect(await innkeeper.finished(await innkeeper.client.put(name, spec))).toMatchObject({ state: 'done' });
  await innkeeper.finished(await innkeeper.client.snapshot(name, { name: 'mine' }));
});

afterAll(async () => {
  await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('snapshots on a schedule', () => {
  it('are refused where the schedule is none', async () => {
    const put = innkeeper.client.put(name, { ...spec, snapshots: { schedule: 'x * * * *' } });
    await expect(put).rejects.toMatchObject({ code: 'invalid' });
    await expect(innkeeper.client.snapshot(name, { name: 'auto-20261126-120000' })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('are made each minute, the last is kept, and what somebody made stays', { timeout: 240_000 }, async () => {
    const snapshots = { schedule: '* * * * *', keep: { last: 1 } };
    await innkeeper.finished(await innkeeper.client.put(name, { ...spec, snapshots }));
    await expect.poll(automatic, { timeout: 100_000, interval: 500 }).toHaveLength(1);
    const [first] = await automatic();
    await expect
      .poll(async () => (await automatic()).includes(first ?? ''), { timeout: 130_000, interval: 500 })
      .toBe(false);
    expect(await automatic()).toHaveLength(1);
    expect((await names())[0]).toBe('mine');
    const { items, keep } = await innkeeper.client.retention(name);
    expect({ keep, kept: items.map(({ keptBy }) => keptBy) }).toEqual({ keep: { last: 1 }, kept: ['last'] });
    const who = (await innkeeper.client.operations(50))
      .filter(({ kind }) => kind === 'remove-snapshot')
      .map((one) => one.who);
    expect(new Set(who)).toEqual(new Set(['innkeeper (snapshots: schedule)']));
  });

  it('end when the manifest says nothing of them any more, and those that are there stay', async () => {
    await innkeeper.finished(await innkeeper.client.put(name, spec));
    const held = await names();
    expect(held.length).toBeGreaterThanOrEqual(2);
    await expect(innkeeper.client.retention(name)).rejects.toThrow('says nothing of it');
  });
});
