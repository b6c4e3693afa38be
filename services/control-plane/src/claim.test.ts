import { fc, test } from '@fast-check/vitest';
import type { NetworkReport } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { freeAddresses } from './claim.ts';

const network = (parts: Partial<NetworkReport> = {}): NetworkReport => ({
  name: 'default',
  active: true,
  gateway: '192.168.122.1',
  prefix: 24,
  range: { start: '192.168.122.1', end: '192.168.122.5' },
  taken: [],
  ...parts,
});

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

describe('the free addresses of a network', () => {
  it('are those of its range in order, without the gateway', () => {
    expect(freeAddresses(network())).toEqual(['192.168.122.2', '192.168.122.3', '192.168.122.4', '192.168.122.5']);
  });

  it('are not those that other guests hold', () => {
    expect(freeAddresses(network({ taken: ['192.168.122.2', '192.168.122.4'] }))).toEqual([
      '192.168.122.3',
      '192.168.122.5',
    ]);
  });

  it('are none without a range or when all are held', () => {
    expect(freeAddresses(network({ range: undefined }))).toEqual([]);
    expect(freeAddresses(network({ range: { start: '192.168.122.1', end: '192.168.122.1' } }))).toEqual([]);
  });

  it('go on in the next octet', () => {
    expect(freeAddresses(network({ range: { start: '10.0.0.254', end: '10.0.1.1' } }))).toEqual([
      '10.0.0.254',
      '10.0.0.255',
      '10.0.1.0',
      '10.0.1.1',
    ]);
  });

  it('are at most 4096 of a large network', () => {
    expect(freeAddresses(network({ range: { start: '10.0.0.1', end: '10.255.255.254' } }))).toHaveLength(4096);
  });

  test.prop([fc.integer({ min: 1, max: 2 ** 32 - 600 }), fc.nat(500), fc.uniqueArray(fc.nat(500)), fc.nat(500)])(
    'lie in the range, are held by nobody, ascend, and miss none',
    (first, length, held, gatewayAt) => {
      const taken = held.map((at) => toAddress(first + at));
      const gateway = toAddress(first + gatewayAt);
      const free = freeAddresses(
        network({ gateway, taken, range: { start: toAddress(first), end: toAddress(first + length) } }),
      );
      const expected = Array.from({ length: length + 1 }, (_, at) => toAddress(first + at)).filter(
        (one) => one !== gateway && !taken.includes(one),
      );
      expect(free).toEqual(expected);
      expect(free.map(toNumber)).toEqual(free.map(toNumber).sort((a, b) => a - b));
    },
  );
});
