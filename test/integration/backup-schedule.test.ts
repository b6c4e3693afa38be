import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { host, type Installation, install, leftOnHost } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-baksched';
  process.env.INNKEEPER_TEST_GUESTS = 'test-bsched';
});

const shelf = '/tmp/innkeeper-test-baksched-shelf';
const name = 'test-bsched-one';
const spec: WorkloadSpec = { image: 'debian/12', backend: 'lxc', power: 'stopped', memory: '128MiB', networks: [] };

let innkeeper: Installation;

const names = async (): Promise<string[]> =>
  (await innkeeper.client.backups({ workload: name })).map((one) => one.name);
const automatic = async (): Promise<string[]> => (await names()).filter((one) => one.startsWith(`${name}-auto-`));

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(`${shelf}/password`, 'what nobody knows', 0o600);
  innkeeper = await install();
  expect(await innkeeper.finished(await innkeeper.client.put(name, spec))).toMatchObject({ state: 'done' });
});

afterAll(async () => {
  await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('backups on a schedule', () => {
  it('are refused where there is nowhere to go, and where the schedule is none', async () => {
    const put = (backups: WorkloadSpec['backups']) => innkeeper.client.put(name, { ...spec, backups });
    await expect(put({ schedule: '@daily' })).rejects.toThrow('There is no backup target yet');
    const [repository, passwordFile] = [`${shelf}/repository`, `${shelf}/password`];
    await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile });
    await expect(put({ schedule: '@daily', to: 'nas' })).rejects.toThrow('There is no backup target nas');
    await expect(put({ schedule: 'x * * * *' })).rejects.toMatchObject({ code: 'invalid' });
    await innkeeper.finished(await innkeeper.client.makeBackup(name, {}));
  });

  it('are made each minute, the last is kept, and what somebody made stays', { timeout: 240_000 }, async () => {
    const backups = { schedule: '* * * * *', keep: { last: 1 } };
    await innkeeper.finished(await innkeeper.client.put(name, { ...spec, backups }));
    await expect.poll(automatic, { timeout: 100_000, interval: 500 }).toHaveLength(1);
    const [first] = await automatic();
    await expect
      .poll(async () => (await automatic()).includes(first ?? ''), { timeout: 150_000, interval: 500 })
      .toBe(false);
    expect(await automatic()).toHaveLength(1);
    expect(await names()).toHaveLength(2);
    const { items, keep } = await innkeeper.client.backupRetention(name);
    expect({ keep, kept: items.map(({ keptBy }) => keptBy) }).toEqual({ keep: { last: 1 }, kept: ['last'] });
    const who = (await innkeeper.client.operations(50)).filter(({ kind }) => kind === 'backup').map((one) => one.who);
    expect(new Set(who)).toEqual(new Set(['socket', 'innkeeper (backups: schedule)']));
  });
});
