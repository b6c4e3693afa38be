import { ensureDatabase } from '@innkeeper/infra';
import { openInventory } from '@innkeeper/inventory';
import { connect } from '@innkeeper/libvirt';
import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

const lxc = connect(host, 'lxc:///system');
const image = { image: 'debian/12', backend: 'lxc' } as const;
/** By name the first is the last that may start. */
const specs: Readonly<Record<string, WorkloadSpec>> = {
  'test-op-a': { ...image, dependsOn: ['test-op-b'] },
  'test-op-b': { ...image, dependsOn: ['test-op-c'] },
  'test-op-c': image,
  'test-op-no': { ...image, autostart: false },
};
const names = Object.keys(specs);

let innkeeper: Installation;

beforeAll(async () => {
  innkeeper = await install();
  for (const [name, spec] of Object.entries(specs).reverse())
    expect((await innkeeper.finished(await innkeeper.client.put(name, spec))).state).toBe('done');
});

afterAll(async () => {
  innkeeper.fault = () => undefined;
  for (const name of names) await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

/** What a reboot does: no guest runs, and the host has another boot id than the one they were started in. */
const reboot = async (): Promise<void> => {
  for (const { uuid, name } of await lxc.domains()) if (name.startsWith('test-op')) await lxc.destroy(uuid);
  const { url } = await ensureDatabase(host, paths);
  const inventory = await openInventory(url);
  await inventory.db.execute(`update innkeeper.workloads set started_in_boot = 'the boot before'`);
  await inventory.close();
};

const afterBoot = async () => {
  const operations = (await innkeeper.client.operations(200)).filter(({ who }) => who.includes('was rebooted'));
  return Promise.all(operations.map((one) => innkeeper.finished(one)));
};

it('a reboot starts what should run, dependencies first, and leaves alone what is not to start by itself', async () => {
  const begun: string[] = [];
  innkeeper.fault = (point) => {
    if (point === 'before start' || point === 'after start') begun.push(point);
  };
  await innkeeper.replace(reboot);
  const done = await afterBoot();
  const startOf = (name: string) => {
    const operation = done.find(({ workload }) => workload.name === name);
    expect(operation?.state).toBe('done');
    expect(operation?.steps.map((step) => step.name)).toEqual(['dependencies', 'start', 'observe']);
    const step = operation?.steps.find((one) => one.name === 'start');
    return { from: step?.startedAt ?? '', to: operation?.finishedAt ?? '' };
  };
  expect(done.map(({ workload }) => workload.name).sort()).toEqual(['test-op-a', 'test-op-b', 'test-op-c']);
  expect(startOf('test-op-c').to <= startOf('test-op-b').from).toBe(true);
  expect(startOf('test-op-b').to <= startOf('test-op-a').from).toBe(true);
  // One after the other: no start begins while another is under way.
  expect(begun).toEqual(Array.from({ length: 3 }, () => ['before start', 'after start']).flat());
  expect((await innkeeper.client.workload('test-op-no')).state).toBe('stopped');
});
