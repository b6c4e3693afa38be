import { exec } from '@innkeeper/client';
import type { OperationView, WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

const network = 'test-op-six';
const [web, db] = ['test-op-web', 'test-op-db'];
const port = 18_086;
/** A machine of its own on the other end of a cable, with a route to nothing but this host. */
const elsewhere = { namespace: 'ink-test-out6', here: 'fd19:219::1', there: 'fd19:219::2' };
/** A machine under software emulation takes minutes for what a container does in seconds. */
const patienceMs = 10 * 60_000;

let innkeeper: Installation;

const sh = async (script: string): Promise<void> => {
  await host.run(['sh', '-c', script]);
};
const unplug = `ip netns del ${elsewhere.namespace} 2>/dev/null || true`;

beforeAll(async () => {
  innkeeper = await install();
  const { namespace, here, there } = elsewhere;
  await sh(`${unplug}; ip netns add ${namespace} && ip link add ink-test6 type veth peer name eth0 netns ${namespace}
    ip addr add ${here}/64 dev ink-test6 nodad && ip link set ink-test6 up
    ip -n ${namespace} addr add ${there}/64 dev eth0 nodad && ip -n ${namespace} link set eth0 up`);
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  for (const { name, managed } of await innkeeper.client.networks())
    if (managed) await innkeeper.client.removeNetwork(name);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await sh(unplug);
});

const apply = async (name: string, parts: Partial<WorkloadSpec> = {}): Promise<OperationView> =>
  innkeeper.finished(
    await innkeeper.client.put(name, {
      image: 'debian/12',
      backend: 'lxc',
      memory: '384MiB',
      networks: [{ network }],
      ...parts,
    }),
  );

/** What a script of a guest prints. */
const inside = async (name: string, script: string): Promise<string> => {
  let output = '';
  const add = (data: Uint8Array): void => {
    output += Buffer.from(data).toString();
  };
  const command = ['bash', '-c', script];
  await (await exec({ socket: paths.socket }, name, { command }, { stdout: add, stderr: add })).exit;
  return output.trim();
};

const program = `my $s = IO::Socket::IP->new(Listen => 9, LocalHost => '::', LocalPort => 80, ReuseAddr => 1, V6Only => 0) or die; fork and exit;
while (my $c = $s->accept) { sysread $c, my $asked, 4096; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n", $c->peerhost, "\\n"; close $c }`;
const serve = (name: string): Promise<string> =>
  inside(name, `perl -MIO::Socket::IP -e '${program.replaceAll("'", '"')}' </dev/null >/dev/null 2>&1`);

/** What the server says it was asked by, or how asking failed. */
const askedBy = async (address: string, at: number, from?: string): Promise<string> => {
  const curl = ['curl', '-sS', '-m', '5', `http://[${address}]:${at}/`];
  const argv = from === undefined ? curl : ['ip', 'netns', 'exec', from, ...curl];
  const { stdout, exitCode } = await host.run(argv, { expect: Array.from({ length: 100 }, (_, code) => code) });
  return exitCode === 0 ? stdout.trim() : `curl ends with ${exitCode}`;
};

const address6 = async (name: string): Promise<string> =>
  (await innkeeper.client.workload(name)).addresses.find((one) => one.includes(':')) ?? 'none';

describe('a network with IPv6', () => {
  it('gets a prefix of its own, and keeps it', async () => {
    const view = await innkeeper.client.putNetwork(network, { ipv6: true });
    expect(view?.ipv6).toMatch(/^fd[0-9a-f]{2}:[0-9a-f:]+::\/64$/);
    expect(await innkeeper.client.putNetwork(network, { ipv6: true })).toBeUndefined();
    const other = await innkeeper.client.putNetwork('test-op-other', { ipv6: true });
    expect(other?.ipv6).not.toBe(view?.ipv6);
    await expect(innkeeper.client.putNetwork('test-op-other', { ipv6: view?.ipv6 ?? '' })).rejects.toThrow(
      `networks.test-op-other.ipv6: ${view?.ipv6} is that of the network ${network}`,
    );
  });

  it('gives containers an address beside IPv4, which is theirs from the start', async () => {
    for (const name of [web, db]) expect((await apply(name)).error).toBeUndefined();
    const leases = await innkeeper.client.leases(network);
    for (const name of [web, db]) {
      const [ip4, ip6] = (await innkeeper.client.workload(name)).addresses;
      expect(leases.find(({ workload }) => workload === name)).toMatchObject({ address: ip4, address6: ip6 });
      const have = await inside(name, 'ip -6 -o address show dev eth0 scope global');
      expect(have.match(/inet6 \S+/g)).toEqual([`inet6 ${ip6}/64`]);
    }
  });

  it('lets its guests and the host reach them, by name too', async () => {
    await serve(db);
    const ip6 = await address6(db);
    expect(await inside(web, `getent ahostsv6 ${db} | head -1 | cut -d" " -f1`)).toBe(ip6);
    expect(await inside(web, `exec 3<>/dev/tcp/${ip6}/80; echo GET >&3; tail -1 <&3`)).toBe(await address6(web));
    await expect.poll(() => askedBy(ip6, 80), { timeout: 10_000 }).toMatch(/::1$/);
  });

  it('leads published ports there over the IPv6 of the host', async () => {
    expect((await apply(db, { networks: [{ network, ports: [`${port}:80`] }] })).error).toBeUndefined();
    const { here, there, namespace } = elsewhere;
    expect(await askedBy(here, port)).toBe(here);
    // The guest sees who asks, not the host in between.
    expect(await askedBy(here, port, namespace)).toBe(there);
    const { stdout } = await host.run(['curl', '-sS', '-m', '5', `http://127.0.0.1:${port}/`]);
    expect(stdout.trim()).toMatch(/^(::ffff:)?10\./);
    expect(await askedBy('::1', port)).toMatch(/^curl ends/);
  });

  it('gives it to an interface that is added while the container runs', async () => {
    expect((await apply(web, { networks: [{ network }, { network: 'test-op-other' }] })).error).toBeUndefined();
    const [, , , second] = (await innkeeper.client.workload(web)).addresses;
    expect(await inside(web, 'ip -6 -o address show dev eth1 scope global')).toContain(`inet6 ${second}/64`);
  });

  it('is found by an interface of a machine by itself', { timeout: patienceMs }, async () => {
    expect((await apply('test-op-vm', { backend: 'kvm' })).error).toBeUndefined();
    const ip6 = await address6('test-op-vm');
    const knock = async (): Promise<string> => {
      const argv = ['timeout', '2', 'bash', '-c', '</dev/tcp/$0/9', ip6];
      return (await host.run(argv, { expect: [1, 124] })).stderr;
    };
    await expect.poll(knock, { timeout: patienceMs, interval: 2000 }).toContain('refused');
  });
});
