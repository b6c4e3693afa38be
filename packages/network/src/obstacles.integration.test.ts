import { type Host, localHost } from '@innkeeper/host';
import type { NetworkReport } from '@innkeeper/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { obstaclesOf, readGround } from './obstacles.ts';

const here = localHost('test');
const [router, guest, outside] = ['test-ob-router', 'test-ob-guest', 'test-ob-outside'];
const bridge = 'test-ob-br';

const on = (name: string, ...argv: readonly string[]): string[] => ['ip', 'netns', 'exec', name, ...argv];
const sh = (script: string) => here.run(['sh', '-ec', script]);
const remove = () =>
  sh([router, guest, outside].map((name) => `ip netns delete ${name} 2>/dev/null || true`).join('\n'));

/** A host with a guest behind a bridge, as libvirt makes one whose rules are in nftables, and somebody outside. */
const make = `
for name in ${router} ${guest} ${outside}; do ip netns add $name; ip -n $name link set lo up; done
ip -n ${router} link add ${bridge} type bridge
ip -n ${router} address add 10.219.80.1/24 dev ${bridge}
ip -n ${router} link set ${bridge} up
ip -n ${router} link add to-guest type veth peer name eth0 netns ${guest}
ip -n ${router} link set to-guest master ${bridge} up
ip -n ${guest} address add 10.219.80.2/24 dev eth0
ip -n ${guest} link set eth0 up
ip -n ${guest} route add default via 10.219.80.1
ip -n ${router} link add to-outside type veth peer name eth0 netns ${outside}
ip -n ${router} address add 10.219.81.1/24 dev to-outside
ip -n ${router} link set to-outside up
ip -n ${outside} address add 10.219.81.2/24 dev eth0
ip -n ${outside} link set eth0 up
ip -n ${outside} route add default via 10.219.81.1
ip netns exec ${router} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
`;
/** What Docker does to the rules of a host. [docs.docker.com, packet filtering] */
const docker = 'iptables -w -N DOCKER-USER; iptables -w -A FORWARD -j DOCKER-USER; iptables -w -P FORWARD DROP';

/** The host as its programs see it, in its network. */
const host: Host = { ...here, run: (argv, options) => here.run(on(router, ...argv), options) };
const network: NetworkReport = {
  name: 'lan',
  active: true,
  bridge,
  gateway: '10.219.80.1',
  prefix: 24,
  taken: [],
};
const found = async () => obstaclesOf({ ...(await readGround(host)), forwards: true }, [network]);

/** Who answers refuses at a port where nobody listens; a packet that is dropped nobody answers. */
const reaches = async (): Promise<boolean> => {
  const knock = on(guest, 'timeout', '2', 'bash', '-c', '</dev/tcp/10.219.81.2/9');
  return (await here.run(knock, { expect: [1, 124] })).stderr.includes('refused');
};

beforeAll(async () => {
  await remove();
  await sh(make);
});

afterAll(remove);

it("finds Docker's policy between a guest and the outside, and names what lets the guest through", async () => {
  expect(await reaches()).toBe(true);
  expect(await found()).toEqual([]);
  await here.run(on(router, 'sh', '-ec', docker));
  expect(await reaches()).toBe(false);
  const [obstacle, ...others] = await found();
  expect(others).toEqual([]);
  expect(obstacle?.text).toContain('packets of the network lan are dropped');
  await here.run(on(router, 'sh', '-ec', obstacle?.fix ?? 'false'));
  expect(await reaches()).toBe(true);
  expect(await found()).toEqual([]);
});

it('finds a route that takes addresses of guests elsewhere', async () => {
  await sh(`ip -n ${router} route add 10.219.80.128/25 dev to-outside`);
  expect(await found()).toEqual([
    { text: expect.stringContaining('the route to 10.219.80.128/25 over to-outside overlap'), fix: expect.any(String) },
  ]);
});
