import { connect } from '@innkeeper/libvirt';
import type { HostView, WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseDocument } from 'yaml';
import { host, type Installation, install, leftOnHost, prefix, viewWhere } from './installation.ts';
import { type SecondHost, secondHostSettings, startSecondHost } from './second-host.ts';

// More than one machine: a place of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-fleet';
});

const lab = new URL('../../examples/lab.yaml', import.meta.url);
const named = (name: string): string => `test-far-${name}`;
const network = named('net');
const small = { image: 'debian/12', backend: 'lxc', memory: '128MiB' } as const;

let innkeeper: Installation;
let far: readonly SecondHost[] = [];

const addHosts = async (): Promise<void> => {
  for (const { address, name } of far) await innkeeper.client.addHost({ address, name });
};

/** Everything of a workload but its history: since when it is there, why it is where it is, what it costs just now. */
const lasting = (view: WorkloadView) => {
  const { createdAt: _created, reason: _why, operation: _now, stats: _costs, startedAt: _since, ...rest } = view;
  return rest;
};

const ofHost = ({ name, address, state, capacity, devices }: HostView) => ({
  name,
  address,
  state,
  claimed: capacity.claimed,
  devices,
});

/** The whole inventory, as people are shown it. */
const inventory = async () => {
  const { client } = innkeeper;
  const workloads = (await client.workloads()).filter(({ name }) => name.startsWith('test-far'));
  return {
    workloads: workloads.map(lasting).sort((a, b) => a.name.localeCompare(b.name)),
    hosts: (await client.hosts()).map(ofHost),
    leases: await client.leases(network),
    networks: (await client.networks()).filter(({ managed }) => managed),
    diffs: await Promise.all(workloads.map(({ name }) => client.diff(name))),
  };
};

/** Machines of a run that was ended in the middle; the rest of it `install` takes away. */
const removeMachines = async (): Promise<void> => {
  const kvm = connect(host, 'qemu:///system');
  for (const { uuid, name } of await kvm.domains()) {
    if (!name.startsWith('test-far')) continue;
    await kvm.destroy(uuid).catch(() => undefined);
    await kvm.undefine(uuid, { nvram: true, tpm: true });
  }
};

beforeAll(async () => {
  await removeMachines();
  innkeeper = await install({ ...secondHostSettings, INNKEEPER_ACCELERATION: 'tcg' });
  far = [await startSecondHost(prefix, 2), await startSecondHost(prefix, 3)];
  await addHosts();
  await innkeeper.client.putNetwork(network, {});
  const manifest = parseDocument(await host.files.readText(lab.pathname)).toJS() as {
    workloads: Record<string, Parameters<Installation['client']['put']>[1]>;
  };
  // The main job's three where it runs them, and a container on each of the others.
  const [local] = (await innkeeper.client.hosts()).filter(({ address }) => address === 'local');
  const here = { placement: { host: local?.name ?? '' } };
  const specs = Object.entries(manifest.workloads).map(([name, spec]) => [named(name), { ...spec, ...here }] as const);
  const others = far.map((one, index) => {
    const placement = { host: one.name };
    const networks = [{ network, ports: [`${18_470 + index}:80`] }];
    return [named(`web${index}`), { ...small, placement, networks }] as const;
  });
  const asked = [];
  for (const [name, spec] of [...specs, ...others]) asked.push(await innkeeper.client.put(name, spec));
  for (const operation of asked) {
    const { workload, error } = await innkeeper.finished(operation);
    expect(`${workload.name}: ${error?.detail ?? 'done'}`).toBe(`${workload.name}: done`);
  }
});

afterAll(async () => {
  await innkeeper.client.recover({ apply: true });
  for (const { name, managed } of await innkeeper.client.workloads())
    if (managed) await innkeeper.finished(await innkeeper.client.remove(name));
  await innkeeper.client.removeNetwork(network);
  for (const one of far) await innkeeper.client.removeHost(one.name).catch(() => undefined);
  await innkeeper.stop();
  for (const one of far) await one.remove();
  expect(await leftOnHost()).toEqual([]);
});

describe('the lab of the main job and two more hosts, with an empty database', () => {
  it('is the same again when the hosts are known and asked, but for its history', async () => {
    for (const name of ['wiki', 'runner', 'desktop', 'web0', 'web1'])
      await viewWhere(innkeeper, named(name), ({ state }) => state === 'running');
    const before = await inventory();
    expect(before.workloads.map(({ name, host: on }) => `${name} ${on}`)).toHaveLength(5);
    expect(new Set(before.workloads.map(({ host: on }) => on)).size).toBe(3);
    await innkeeper.loseDatabase();
    expect((await innkeeper.client.workloads()).filter(({ managed }) => managed)).toEqual([]);
    await addHosts();
    const plan = await innkeeper.client.recover({});
    expect(plan.workloads.map(({ name }) => name).sort()).toEqual(before.workloads.map(({ name }) => name));
    // What no host knows is said; of guests nothing is.
    expect(plan.unrecovered.filter(({ kind }) => kind === 'workload')).toEqual([]);
    await innkeeper.client.recover({ apply: true });
    for (const { name } of before.workloads) await viewWhere(innkeeper, name, ({ state }) => state === 'running');
    expect(await inventory()).toEqual(before);
  });
});
