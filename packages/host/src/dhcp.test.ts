import { expect, it } from 'vitest';
import { parseLeaseFiles } from './dhcp.ts';

const now = 1_700_000_000_000;
const later = 1_700_003_600;
const read = (name: string, content: string) => Object.fromEntries(parseLeaseFiles([{ name, content }], now));

it("reads the leases of libvirt's networks that have not ended", () => {
  const lease = (mac: string, ip: string, until: number) => ({
    'mac-address': mac,
    'ip-address': ip,
    'expiry-time': until,
  });
  const leases = [
    lease('52:54:00:AA:00:01', '192.168.122.7', later),
    lease('52:54:00:aa:00:01', 'fd00::7', 0),
    lease('52:54:00:aa:00:02', '192.168.122.8', later - 7200),
    { odd: true },
    null,
  ];
  expect(read('/x/virbr0.status', JSON.stringify(leases))).toEqual({
    '52:54:00:aa:00:01': ['192.168.122.7', 'fd00::7'],
  });
});

it("reads dnsmasq's own file", () => {
  const content = `${later} 00:16:3e:00:00:01 10.0.3.7 box *\n${later - 7200} 00:16:3e:00:00:02 10.0.3.8 * *\nduid 00:01\n`;
  expect(read('/x/dnsmasq.lxcbr0.leases', content)).toEqual({ '00:16:3e:00:00:01': ['10.0.3.7'] });
});

it('finds nothing in a file that is being written', () => {
  expect(read('/x/virbr0.status', '[{"mac-addr')).toEqual({});
  expect(read('/x/virbr0.status', '')).toEqual({});
});
