import { isIPv6 } from 'node:net';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { address6Of, freePrefix6, gateway6Of, prefix6Of, prefix6Problem } from './ipv6.ts';
import { networkSpec } from './network.ts';

const prefix = 'fd12:3456:789a:1::/64';

test('an interface has the address that its MAC makes of the prefix, and the host the first', () => {
  expect(address6Of(prefix, '52:54:00:aa:bb:01')).toBe('fd12:3456:789a:1:5054:ff:feaa:bb01');
  expect(address6Of('fd00::/64', '02:00:00:00:00:07')).toBe('fd00::ff:fe00:7');
  expect(gateway6Of(prefix)).toBe('fd12:3456:789a:1::1');
});

test.each([
  ['10.0.0.0/24', 'is not a prefix such as'],
  ['fd12:3456:789a:1::', 'is not a prefix such as'],
  ['fd12:3456:789a:1::/48', 'must have 64 bits'],
  ['2001:db8::/64', 'is not a unique local prefix'],
  ['fd::/64', 'is not a unique local prefix'],
  ['fd12:3456:789a:1::5/64', 'the prefix is fd12:3456:789a:1::/64'],
  ["fd12::/64'/><x", 'is not a prefix such as'],
  ['fd12::/64/64', 'is not a prefix such as'],
])('%s is refused', (ipv6, message) => {
  expect(prefix6Problem(ipv6)).toContain(message);
  expect(networkSpec.safeParse({ ipv6 }).error?.issues[0]).toMatchObject({
    path: ['ipv6'],
    message: expect.stringContaining(message),
  });
});

test('it is for networks behind the host', () => {
  expect(networkSpec.safeParse({ ipv6: true }).success).toBe(true);
  expect(networkSpec.safeParse({ mode: 'isolated', ipv6: prefix }).success).toBe(true);
  expect(networkSpec.safeParse({ mode: 'bridge', bridge: 'br0', ipv6: true }).error?.issues[0]?.message).toContain(
    'is for modes nat and isolated',
  );
});

test('prefixes of a site are given one after the other, each written in one way', () => {
  const first = freePrefix6('0a1b-2c3d-4e', []) ?? '';
  expect(first).toBe('fd0a:1b2c:3d4e:1::/64');
  expect(freePrefix6('0a1b-2c3d-4e', [first])).toBe('fd0a:1b2c:3d4e:2::/64');
  expect(prefix6Of('FD00:0000:0000:0000:0000::/64')).toBe('fd00::/64');
});

const byte = fc.nat(255).map((value) => value.toString(16).padStart(2, '0'));

property.prop([fc.uuid(), fc.uniqueArray(fc.tuple(byte, byte, byte, byte, byte, byte), { maxLength: 20 })])(
  'different MACs are different addresses of the prefix',
  (site, macs) => {
    const free = freePrefix6(site, []) ?? '';
    expect(prefix6Problem(free)).toBeUndefined();
    const addresses = macs.map((mac) => address6Of(free, mac.join(':')));
    expect(addresses.filter((address) => !isIPv6(address) || prefix6Of(`${address}/64`) !== free)).toEqual([]);
    expect(new Set(addresses).size).toBe(new Set(macs.map((mac) => mac.join(':'))).size);
  },
);
