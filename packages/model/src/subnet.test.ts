import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { networkSpec } from './network.ts';
import { addressNumber, addressText, freeSubnet, isHostAddress, overlaps, parseSubnet } from './subnet.ts';

test('a subnet has the host at its first address and guests at all that follow', () =>
  expect(parseSubnet('10.20.0.0/22')).toEqual({
    prefix: 22,
    gateway: '10.20.0.1',
    range: { start: '10.20.0.2', end: '10.20.3.254' },
  }));

test('subnets overlap when they have an address in common', () => {
  expect(overlaps('10.0.0.0/16', '10.0.255.1/24')).toBe(true);
  expect(overlaps('192.168.122.1/24', '192.168.123.0/24')).toBe(false);
  expect(overlaps('no subnet', '10.0.0.0/8')).toBe(false);
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

test('an interface has neither the first nor the last address of a subnet, nor one outside', () => {
  const can = (address: string): boolean => isHostAddress('192.168.1.64/26', address);
  expect(['192.168.1.65', '192.168.1.126'].filter(can)).toHaveLength(2);
  expect(['192.168.1.64', '192.168.1.127', '192.168.1.63', '10.0.0.1'].filter(can)).toEqual([]);
});
