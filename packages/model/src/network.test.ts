import { expect, test } from 'vitest';
import { networkSpec } from './network.ts';

test.each([
  ['10.20.0.0', 'is not a subnet such as'],
  ['10.0.0.0/8', 'must have between 16 and 29 bits'],
  ['10.20.0.5/24', 'the subnet is 10.20.0.0/24'],
  ['8.8.8.0/24', 'is not of the private ranges'],
  ['300.1.1.0/24', 'is not a subnet such as'],
  ['10.0.0.0/24"/><x', 'is not a subnet such as'],
])('%s is refused', (subnet, message) => {
  const { error } = networkSpec.safeParse({ subnet });
  expect(error?.issues[0]?.message).toContain(message);
});

test.each([
  [{ mode: 'bridge' }, 'is missing'],
  [{ mode: 'bridge', bridge: 'br0', subnet: '10.1.0.0/24' }, 'is missing: the address of the router of 10.1.0.0/24'],
  [{ mode: 'bridge', bridge: 'br0', gateway: '10.1.0.1' }, 'is missing: gateway 10.1.0.1 is the router of a subnet'],
  [{ mode: 'bridge', bridge: 'br0', subnet: '10.1.0.0/24', gateway: '10.2.0.1' }, '"10.2.0.1" is not an address of'],
  [{ mode: 'bridge', bridge: 'br0', subnet: '10.1.0.0/24', gateway: '10.1.0.0' }, '"10.1.0.0" is not an address of'],
  [{ mode: 'bridge', bridge: 'br0', subnet: '10.0.0.0/4', gateway: '10.1.0.1' }, 'is an address within a subnet'],
  [{ mode: 'bridge', bridge: 'br0', subnet: '0.0.0.0/0', gateway: '10.1.0.1' }, 'must have between 8 and 30 bits'],
  [{ mode: 'bridge', bridge: 'br0', subnet: '10.1.0.0/24', gateway: 'router' }, 'is not an IPv4 address such as'],
  [{ gateway: '10.1.0.1' }, 'is for modes bridge and macvtap'],
  [{ mode: 'macvtap' }, 'is missing: a network of mode macvtap names an interface'],
  [{ mode: 'macvtap', link: 'eth0', bridge: 'br0' }, 'is for mode: bridge; this one is macvtap'],
  [{ link: 'eth0' }, 'is for mode: macvtap; this one is nat'],
  [{ mode: 'macvtap', link: 'eth0/../x' }, 'must be the name of an interface'],
  [{ mode: 'macvtap', link: 'eth0', ipv6: true }, 'is for modes nat and isolated: in mode macvtap'],
  [{ bridge: 'br0' }, 'is for mode: bridge'],
  [{ mode: 'bridge', bridge: "br0' onload='x" }, 'must be the name of an interface'],
])('%j is refused', (spec, message) =>
  expect(networkSpec.safeParse(spec).error?.issues[0]?.message).toContain(message),
);

test('a bridge has whatever subnet the network there has', () => {
  for (const [subnet, gateway] of [
    ['192.168.1.0/24', '192.168.1.1'],
    ['203.0.113.64/28', '203.0.113.78'],
  ] as const)
    expect(networkSpec.safeParse({ mode: 'bridge', bridge: 'br0', subnet, gateway }).error).toBeUndefined();
});
