import { expect, test } from 'vitest';
import { type PublishedGuest, rulesetOf } from './ruleset.ts';

const web: PublishedGuest = { protocol: 'tcp', port: 8080, guestPort: 80, address: '192.168.122.50', bridge: 'virbr0' };
const dns: PublishedGuest = { protocol: 'udp', port: 53, guestPort: 53, address: '192.168.122.51', bridge: 'virbr0' };

test('a published port leads from every address of the host to its guest', () => {
  const text = rulesetOf('innkeeper', [web]);
  expect(text).toContain('tcp dport 8080 dnat ip to 192.168.122.50:80');
  expect(text).toMatch(/^table inet innkeeper \{\}\ndelete table inet innkeeper\ntable inet innkeeper \{/);
});

test("a port of a guest with IPv6 leads there over the host's IPv6 as well", () => {
  const text = rulesetOf('innkeeper', [{ ...web, address6: 'fd12::5' }]);
  expect(text).toContain('tcp dport 8080 dnat ip to 192.168.122.50:80');
  expect(text).toContain('tcp dport 8080 dnat ip6 to [fd12::5]:80');
});

test('a program of the host that listens at one address keeps its port there', () => {
  const text = rulesetOf('innkeeper', [dns], [{ protocol: 'udp', port: 53, address: '192.168.122.1' }]);
  const kept = text.indexOf('ip daddr 192.168.122.1 udp dport 53 return');
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(text.indexOf('udp dport 53 dnat'));
});

test('nothing published is no table', () =>
  expect(rulesetOf('innkeeper', []).trim()).toBe('table inet innkeeper {}\ndelete table inet innkeeper'));

test.each([
  { ...web, address: '1.2.3.4; flush ruleset' },
  { ...web, address6: 'fd12::5]; flush ruleset' },
  { ...web, bridge: 'virbr0" }' },
  { ...web, port: 0 },
  { ...web, guestPort: 80.5 },
])('nothing gets into a ruleset that is not an address, an interface and ports: %j', (one) =>
  expect(() => rulesetOf('innkeeper', [one])).toThrow('cannot be published'),
);
