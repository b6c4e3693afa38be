import { exec } from '@innkeeper/client';
import type { OperationView, WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

/** A cable: one end is a link of the host, at the other is a machine of its own that routes. */
const lan = {
  network: 'test-op-tap',
  link: 'ink-test-mv',
  subnet: '10.219.76.0/24',
  gateway: '10.219.76.1',
  namespace: 'ink-test-lan',
};
/** A machine under software emulation takes minutes for what a container does in seconds. */
const patienceMs = 10 * 60_000;

let innkeeper: Installation;

const sh = async (script: string): Promise<void> => {
  await host.run(['sh', '-c', script]);
};
const { namespace } = lan;
const unplug = `ip netns del ${namespace} 2>/dev/null || true`;
const plug = `ip netns add ${namespace} && ip link add ${lan.link} type veth peer name eth0 netns ${namespace}
  ip link set ${lan.link} up
  ip -n ${namespace} addr add ${lan.gateway}/24 dev eth0 && ip -n ${namespace} link set eth0 up`;

beforeAll(async () => {
  innkeeper = await install();
  await sh(unplug);
  const { link, subnet, gateway } = lan;
  await innkeeper.client.putNetwork(lan.network, { mode: 'macvtap', link, subnet, gateway });
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  await innkeeper.client.removeNetwork(lan.network);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await sh(unplug);
});

const spec = (backend: 'lxc' | 'kvm', address: string): WorkloadSpec => ({
  image: 'debian/12',
  backend,
  memory: '384MiB',
  networks: [{ network: lan.network, address }],
});
const apply = async (name: string, what: WorkloadSpec): Promise<OperationView> =>
  innkeeper.finished(await innkeeper.client.put(name, what));

/** How asking an address ends where nobody listens: who has it refuses. */
const knock = async (address: string, from: readonly string[]): Promise<string> => {
  const argv = [...from, 'timeout', '2', 'bash', '-c', '</dev/tcp/$0/9', address];
  return (await host.run(argv, { expect: [1, 124] })).stderr;
};
const outside = ['ip', 'netns', 'exec', namespace];

/** How a script of a guest ends. */
const inside = async (name: string, script: string): Promise<number | undefined> => {
  const outputs = { stdout: () => undefined, stderr: () => undefined };
  const stream = await exec({ socket: paths.socket }, name, { command: ['bash', '-c', script] }, outputs);
  const end = await stream.exit;
  return 'code' in end ? end.code : undefined;
};

describe('a network on a link of the host', () => {
  it('is waited for by the name of the link while the host does not have it', async () => {
    const operation = await innkeeper.client.put('test-op-web', spec('lxc', '10.219.76.50'));
    const waiting = await viewWhere(innkeeper, 'test-op-web', ({ state }) => state === 'waiting');
    expect(waiting.operation?.progress).toContain(`is on the interface ${lan.link} of the host`);
    await innkeeper.client.cancel(operation?.id ?? '');
    await innkeeper.finished(await innkeeper.client.remove('test-op-web'));
    await sh(plug);
    await innkeeper.replace();
  });

  it('says in every plan that host and guest do not see each other', async () => {
    for (const backend of ['lxc', 'kvm'] as const) {
      const plan = await innkeeper.client.plan({ workloads: { 'test-op-web': spec(backend, '10.219.76.50') } });
      expect(plan.workloads[0]?.warnings.join('\n')).toMatch(/the host and this guest do not see each other by it/);
    }
  });

  it('has containers on it, whom others there reach', async () => {
    for (const [name, address] of [
      ['test-op-web', '10.219.76.50'],
      ['test-op-db', '10.219.76.51'],
    ] as const) {
      expect((await apply(name, spec('lxc', address))).error).toBeUndefined();
      await expect.poll(() => knock(address, outside), { timeout: 20_000 }).toContain('refused');
    }
    // 1 is a refusal at once, 124 that nobody answered.
    expect(await inside('test-op-web', 'timeout 3 bash -c "</dev/tcp/10.219.76.51/9"')).toBe(1);
    expect(await inside('test-op-web', 'timeout 3 bash -c "</dev/tcp/10.219.76.1/9"')).toBe(1);
  });

  it('keeps them when they are stopped and started', async () => {
    await innkeeper.finished(await innkeeper.client.act('test-op-web', 'restart'));
    await expect.poll(() => knock('10.219.76.50', outside), { timeout: 20_000 }).toContain('refused');
    const view = await innkeeper.client.workload('test-op-web');
    expect([view.state, view.addresses, view.drift]).toEqual(['running', ['10.219.76.50'], []]);
  });

  it('does not let the host itself in', async () => {
    await sh(`ip addr add 10.219.76.2/24 dev ${lan.link}`);
    expect(await knock('10.219.76.50', [])).not.toContain('refused');
    await sh(`ip addr del 10.219.76.2/24 dev ${lan.link}`);
  });

  it('has machines on it', { timeout: patienceMs }, async () => {
    expect((await apply('test-op-vm', spec('kvm', '10.219.76.60'))).error).toBeUndefined();
    await expect
      .poll(() => knock('10.219.76.60', outside), { timeout: patienceMs, interval: 2000 })
      .toContain('refused');
  });
});
