import { connect, describeDomain } from '@innkeeper/libvirt';
import type { OperationView, WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost } from './installation.ts';

/** A network that the host is on, with a router at its first address; nobody gives addresses there. */
const lan = { network: 'test-op-lan', bridge: 'ink-test-lan', subnet: '10.219.78.0/24', gateway: '10.219.78.1' };
/** A machine under software emulation takes minutes for what a container does in seconds. */
const patienceMs = 10 * 60_000;

let innkeeper: Installation;

const sh = async (script: string): Promise<void> => {
  await host.run(['sh', '-c', script]);
};
const unplug = `ip link del ${lan.bridge} 2>/dev/null || true`;

beforeAll(async () => {
  innkeeper = await install();
  await sh(`${unplug}; ip link add ${lan.bridge} type bridge && ip link set ${lan.bridge} up
    ip addr add ${lan.gateway}/24 dev ${lan.bridge}`);
  const { bridge, subnet, gateway } = lan;
  await innkeeper.client.putNetwork(lan.network, { mode: 'bridge', bridge, subnet, gateway });
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  await innkeeper.client.removeNetwork(lan.network);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await sh(unplug);
});

const spec = (backend: 'lxc' | 'kvm', address?: string, network = lan.network): WorkloadSpec => ({
  image: 'debian/12',
  backend,
  memory: '384MiB',
  networks: [{ network, ...(address === undefined ? {} : { address }) }],
});

const apply = async (name: string, what: WorkloadSpec): Promise<OperationView> =>
  innkeeper.finished(await innkeeper.client.put(name, what));

/** Who has an address refuses at a port where nobody listens; where nobody has it nobody refuses. */
const answers = async (address: string, withinMs: number): Promise<void> => {
  const knock = async (): Promise<string> => {
    try {
      (await host.connect({ tcp: { address, port: 9 } })).destroy();
      return 'connected';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  };
  await expect.poll(knock, { timeout: withinMs, interval: 1000 }).toBe('ECONNREFUSED');
};

describe('a fixed address on a bridge of the host', () => {
  it('is shown with the network', async () => {
    const { network, ...described } = lan;
    expect(await innkeeper.client.network(network)).toMatchObject({ ...described, mode: 'bridge' });
  });

  it("is a container's from its start", async () => {
    expect((await apply('test-op-web', spec('lxc', '10.219.78.50'))).error).toBeUndefined();
    await answers('10.219.78.50', 20_000);
    expect((await innkeeper.client.workload('test-op-web')).addresses).toEqual(['10.219.78.50']);
    expect(await innkeeper.client.leases(lan.network)).toMatchObject([
      { address: '10.219.78.50', workload: 'test-op-web' },
    ]);
  });

  it('is changed while the container runs, and the old one is free then', async () => {
    expect((await apply('test-op-web', spec('lxc', '10.219.78.51'))).error).toBeUndefined();
    await answers('10.219.78.51', 20_000);
    expect((await apply('test-op-two', { ...spec('lxc', '10.219.78.50'), power: 'stopped' })).error).toBeUndefined();
  });

  it.each([
    ['that another workload holds', '10.219.78.51', /networks\[0\]\.address: 10\.219\.78\.51 is held by the workload/],
    ['of another network', '10.219.77.5', /10\.219\.77\.5 is not of the network test-op-lan \(10\.219\.78\.0\/24\)/],
    ['of the router', '10.219.78.1', /10\.219\.78\.1 is the gateway of the network test-op-lan/],
    ['of all', '10.219.78.255', /10\.219\.78\.255 is not of the network/],
  ])('%s is refused', async (_, address, message) => {
    expect((await apply('test-op-bad', spec('lxc', address))).error?.detail).toMatch(message);
    await innkeeper.finished(await innkeeper.client.remove('test-op-bad'));
  });

  it('is refused where nothing is said of the subnet', async () => {
    await innkeeper.client.putNetwork('test-op-bare', { mode: 'bridge', bridge: lan.bridge });
    const { error } = await apply('test-op-bad', spec('lxc', '10.219.78.60', 'test-op-bare'));
    expect(error?.detail).toMatch(
      /10\.219\.78\.60 cannot be given on the network test-op-bare, of whose subnet nothing/,
    );
    await innkeeper.finished(await innkeeper.client.remove('test-op-bad'));
    await innkeeper.client.removeNetwork('test-op-bare');
  });

  it('goes with the workload, and without one a container has none', async () => {
    await innkeeper.finished(await innkeeper.client.remove('test-op-web'));
    expect((await apply('test-op-web', spec('lxc'))).error).toBeUndefined();
    expect((await innkeeper.client.workload('test-op-web')).addresses).toEqual([]);
    await innkeeper.finished(await innkeeper.client.remove('test-op-web'));
  });

  it('is told to a machine at its first boot', { timeout: patienceMs }, async () => {
    expect((await apply('test-op-vm', spec('kvm', '10.219.78.60'))).error).toBeUndefined();
    const qemu = connect(host, 'qemu:///system');
    const { id } = await innkeeper.client.workload('test-op-vm');
    const xml = (await qemu.xml([id])).get(id) ?? '';
    expect(describeDomain(xml).interfaces.map(({ network }) => network)).toEqual([lan.network]);
    await answers('10.219.78.60', patienceMs);
  });
});
