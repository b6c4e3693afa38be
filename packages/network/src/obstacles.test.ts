import type { NetworkReport } from '@innkeeper/model';
import { expect, test } from 'vitest';
import { type Ground, obstaclesOf } from './obstacles.ts';

const lan: NetworkReport = {
  name: 'default',
  active: true,
  bridge: 'virbr0',
  gateway: '192.168.122.1',
  prefix: 24,
  taken: [],
};
const good: Ground = {
  forwards: true,
  rules: '-P FORWARD ACCEPT\n',
  routes: [
    { dst: 'default', dev: 'eth0' },
    { dst: '192.168.122.0/24', dev: 'virbr0' },
  ],
};
const texts = (ground: Partial<Ground>): string[] => obstaclesOf({ ...good, ...ground }, [lan]).map(({ text }) => text);

test('nothing stands in the way of a host that forwards', () => expect(texts({})).toEqual([]));

test('a host that does not forward', () => expect(texts({ forwards: false })[0]).toContain('ip_forward is 0'));

test("Docker's policy drops what libvirt lets through in nftables, with the way past it", () => {
  const rules = '-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n';
  const [found] = obstaclesOf({ ...good, rules }, [lan]);
  expect(found?.text).toContain('packets of the network default are dropped');
  expect(found?.fix).toContain('iptables -I DOCKER-USER -i virbr0 -j ACCEPT');
  expect(texts({ rules: `-N LIBVIRT_FWI\n${rules}` })).toEqual([]);
  expect(texts({ rules: `${rules}-A FORWARD -i virbr0 -j ACCEPT\n` })).toEqual([]);
  expect(texts({ rules: `${rules}-A DOCKER-USER -i virbr0 -j ACCEPT\n` })).toEqual([]);
  expect(texts({ rules: `${rules}-A DOCKER-USER -i virbr00 -j ACCEPT\n` })).toHaveLength(1);
});

test('a VPN that takes the subnet', () =>
  expect(texts({ routes: [...good.routes, { dst: '192.168.0.0/16', dev: 'tun0' }] })).toEqual([
    expect.stringContaining('the route to 192.168.0.0/16 over tun0 overlap'),
  ]));
