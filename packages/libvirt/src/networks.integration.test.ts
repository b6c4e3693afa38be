import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, kvm } from './testing.ts';
import { buildXml, el } from './xml/build.ts';
import { describeNetwork } from './xml/network.ts';

describe('a network', () => {
  const name = 'test-lv-net';
  const entry = { mac: '52:54:00:0a:0b:01', ip: '10.213.7.11', name: 'first' };
  const hosts = async (inactive: boolean) =>
    describeNetwork(await kvm.networkXml(name, { inactive })).ips.flatMap((ip) => ip.dhcp.hosts);
  const gone = async (): Promise<void> => {
    await kvm.networkDestroy(name).catch(() => undefined);
    await kvm.networkUndefine(name).catch(() => undefined);
  };

  beforeAll(async () => {
    await gone();
    await kvm.networkDefine(
      buildXml(
        el(
          'network',
          {},
          el('name', {}, name),
          el('bridge', { name: 'test-lv0' }),
          el(
            'ip',
            { address: '10.213.7.1', prefix: 24 },
            el('dhcp', {}, el('range', { start: '10.213.7.100', end: '10.213.7.200' })),
          ),
        ),
      ),
    );
    await kvm.networkStart(name);
  });
  afterAll(gone);

  it('is listed, and started twice like once', async () => {
    await kvm.networkStart(name);
    expect(await kvm.networks()).toContainEqual(
      expect.objectContaining({ name, active: true, autostart: false, persistent: true }),
    );
    await expect(kvm.networkXml('test-lv-nothing')).rejects.toMatchObject({ code: 'not_found' });
    await expect(kvm.networkXml('--help')).rejects.toMatchObject({ code: 'not_found' });
    expect(await kvm.leases(name)).toEqual([]);
  });

  it('takes a fixed address twice like once, and gives it back twice like once', async () => {
    await kvm.addDhcpHost(name, entry);
    await kvm.addDhcpHost(name, { ...entry, mac: entry.mac.toUpperCase() });
    expect(await hosts(false)).toEqual([entry]);
    expect(await hosts(true)).toEqual([entry]);
    await kvm.removeDhcpHost(name, { mac: entry.mac });
    await kvm.removeDhcpHost(name, { mac: entry.mac });
    expect(await hosts(false)).toEqual([]);
    expect(await hosts(true)).toEqual([]);
  });

  it('refuses a second entry for the same address, card or name, and leaves the first', async () => {
    await kvm.addDhcpHost(name, entry);
    for (const other of [
      { mac: '52:54:00:0a:0b:02' },
      { ip: '10.213.7.12' },
      { mac: '52:54:00:0a:0b:03', ip: '10.213.7.13' },
      { name: 'second' },
    ]) {
      await expect(kvm.addDhcpHost(name, { ...entry, ...other })).rejects.toMatchObject({ code: 'conflict' });
    }
    await kvm.removeDhcpHost(name, { mac: entry.mac, ip: '10.213.7.99' });
    expect(await hosts(false)).toEqual([entry]);
    await kvm.removeDhcpHost(name, { mac: entry.mac, ip: entry.ip });
    expect(await hosts(true)).toEqual([]);
  });

  it('mends an entry that stands in one of its two definitions only', async () => {
    const xml = buildXml(el('host', entry));
    const half = (command: string, where: string) =>
      host.run([
        'virsh',
        '-c',
        kvm.uri,
        'net-update',
        '--network',
        name,
        '--command',
        command,
        '--section',
        'ip-dhcp-host',
        '--xml',
        xml,
        where,
      ]);
    await half('add', '--live');
    await kvm.addDhcpHost(name, entry);
    expect([await hosts(false), await hosts(true)]).toEqual([[entry], [entry]]);
    await half('delete', '--live');
    await kvm.removeDhcpHost(name, { mac: entry.mac });
    expect([await hosts(false), await hosts(true)]).toEqual([[], []]);
  });

  it('takes fixed addresses from many at once, and when it does not run', async () => {
    const many = Array.from({ length: 12 }, (_, index) => ({
      mac: `52:54:00:0a:0c:${(16 + index).toString(16)}`,
      ip: `10.213.7.${20 + index}`,
      name: `n${index}`,
    }));
    await Promise.all(many.map((one) => kvm.addDhcpHost(name, one)));
    expect(await hosts(false)).toHaveLength(12);
    expect(await hosts(true)).toHaveLength(12);
    await kvm.networkDestroy(name);
    await kvm.networkDestroy(name);
    await Promise.all(many.map((one) => kvm.removeDhcpHost(name, one)));
    await kvm.addDhcpHost(name, entry);
    await kvm.addDhcpHost(name, entry);
    expect(await hosts(true)).toEqual([entry]);
    await kvm.networkStart(name);
    await kvm.removeDhcpHost(name, entry);
  });

  it('tells who has an address, by fixed entry, and what the guest calls itself', async () => {
    const card = '52:54:00:0a:0d:01';
    await kvm.addDhcpHost(name, { mac: card, ip: '10.213.7.50' });
    const client = ['busybox', 'udhcpc', '-i', 'test-lv1', '-n', '-q', '-f', '-s', '/bin/true', '-x', 'hostname:box'];
    await host.run(['ip', 'netns', 'add', name]);
    try {
      await host.run([
        'ip',
        'link',
        'add',
        'test-lv2',
        'master',
        'test-lv0',
        'up',
        'type',
        'veth',
        'peer',
        'name',
        'test-lv1',
        'address',
        card,
        'netns',
        name,
      ]);
      await host.run(['ip', '-n', name, 'link', 'set', 'test-lv1', 'up']);
      await host.run(['ip', 'netns', 'exec', name, ...client]);
      const [lease] = await kvm.leases(name);
      expect(lease).toMatchObject({ mac: card, ip: '10.213.7.50', prefix: 24, family: 'ipv4', hostname: 'box' });
      expect(lease?.expiresMs).toBeGreaterThan(Date.now());
    } finally {
      await host.run(['ip', 'netns', 'delete', name]);
    }
  });
});
