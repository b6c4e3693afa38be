import { expect, test } from 'vitest';
import { parseListeners } from './listeners.ts';

const table = `udp UNCONN 0      0       192.168.122.1:53   0.0.0.0:* users:(("dnsmasq",pid=28888,fd=5))
udp UNCONN 0      0      0.0.0.0%virbr0:67   0.0.0.0:* users:(("dnsmasq",pid=28888,fd=3))
udp UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:* users:(("systemd-resolve",pid=1,fd=3))
tcp LISTEN 0      128           0.0.0.0:2024 0.0.0.0:*
tcp LISTEN 0      511                 *:80   *:*    users:(("nginx",pid=7,fd=6),("nginx",pid=6,fd=6))
tcp LISTEN 0      128              [::]:80   [::]:* users:(("nginx",pid=7,fd=7))
tcp LISTEN 0      128             [::1]:631  [::]:* users:(("cupsd",pid=8,fd=7))
`;

test('who listens where: everywhere without an address, at one address with it', () => {
  expect(parseListeners(table)).toEqual([
    { protocol: 'udp', port: 53, address: '192.168.122.1', program: 'dnsmasq' },
    { protocol: 'udp', port: 53, address: '127.0.0.53', program: 'systemd-resolve' },
    { protocol: 'tcp', port: 80, program: 'nginx' },
    { protocol: 'tcp', port: 2024 },
  ]);
});

test('nothing of what is no table', () => expect(parseListeners('ss: command not found\n')).toEqual([]));
