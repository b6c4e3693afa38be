import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { addressNumber, addressText, freeSubnet, networkSpec, overlaps, parseSubnet } from './network.ts';

test('a subnet has the host at its first address and guests at all that follow', () =>
  expect(parseSubnet('10.20.0.0/22')).toEqual({
    prefix: 22,
    gateway: '10.20.0.1',
    range: { start: '10.20.0.2', end: '10.20.3.254' },
  }));

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
  [{ gateway: '10.1.0.1' }, 'is for mode: bridge'],
  [{ bridge: 'br0' }, 'is for mode: bridge'],
  [{ mode: 'bridge', bridge: "br0' onload='x" }, 'must be the name of an interface'],
])('%j is refused', (spec, message) =>
  expect(networkSpec.safeParse(spec).error?.issues[0]?.message).toContain(message),
);

test('subnets overlap when they have an address in common', () => {
  expect(overlaps('10.0.0.0/16', '10.0.255.1/24')).toBe(true);
  expect(overlaps('192.168.122.1/24', '192.168.123.0/24')).toBe(false);
  expect(overlaps('no subnet', '10.0.0.0/8')).toBe(false);
});

test('a bridge has whatever subnet the network there has', () => {
  for (const [subnet, gateway] of [
    ['192.168.1.0/24', '192.168.1.1'],
    ['203.0.113.64/28', '203.0.113.78'],
  ] as const)
    expect(networkSpec.safeParse({ mode: 'bridge', bridge: 'br0', subnet, gateway }).error).toBeUndefined();
});

property.prop([
  fc.array(fc.tuple(fc.integer({ min: 80, max: 90 }), fc.integer({ min: 0, max: 255 })), { maxLength: 40 }),
])('a free subnet overlaps with none that is taken', (taken) => {
  const subnets = taken.map(([second, third]) => `10.${second}.${third}.1/20`);
  const free = freeSubnet(subnets) ?? '';
  expect(networkSpec.safeParse({ subnet: free }).success).toBe(true);
  expect(subnets.filter((subnet) => overlaps(subnet, free))).toEqual([]);
});

property.prop([fc.nat({ max: 2 ** 32 - 1 })])('an address is a number and back', (value) => {
  expect(addressNumber(addressText(value))).toBe(value);
});
