import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseDomain, parseDomains, parseNames, parseReason } from './domains.ts';
import { parseDomstats } from './domstats.ts';
import { parseEvent } from './events.ts';
import { parseLeases } from './leases.ts';
import { parseNetworkInfo } from './networks.ts';
import { parseNodeInfo, parseVersion } from './node.ts';
import { batchCommand, checkedNamespace, checkedNetworkName, checkedUri, checkedUuid } from './words.ts';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`) as [
  string,
  string,
  string,
];

describe('names and words', () => {
  it.each([['1'], ['web'], ['--help'], [`${a}; destroy x`], [`${a}\n`], ['']])('takes no %j for a UUID', (text) => {
    expect(() => checkedUuid(text)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it.each([['qemu+ext:///system?command=/tmp/x'], ['qemu:///system;x'], ['--version'], [''], ['qemu:///a b']])(
    'connects to no %j',
    (uri) => {
      expect(() => checkedUri(uri)).toThrow(expect.objectContaining({ code: 'invalid' }));
    },
  );

  it.each([
    ['lxc:///system'],
    ['qemu+unix:///system?socket=/run/x/libvirt-sock'],
    ['qemu+ssh://root@[fd00::1]:22/system'],
  ])('connects to %s', (uri) => {
    expect(checkedUri(uri)).toBe(uri);
  });

  test.prop([fc.string()])('lets nothing into a batch that virsh could take for more than a word', (word) => {
    try {
      // A name or an option, a path, a setting.
      expect(batchCommand(['dumpxml', word])).toMatch(
        /^dumpxml (-{0,2}[a-z0-9-]+|(\/[a-z0-9][a-z0-9._-]*)+|[a-z_]+=\d+)$/i,
      );
    } catch (error) {
      expect(error).toMatchObject({ code: 'internal' });
    }
  });

  it.each([['a\nb'], [''], ['a/b']])('takes no %j for a network', (name) => {
    expect(() => checkedNetworkName(name)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it.each([['--config'], ['x'], ['http://a b'], [`urn:a'b`]])('takes no %j for a namespace', (uri) => {
    expect(() => checkedNamespace(uri)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('the reason of a state', () => {
  it.each([
    ['shut off (shutdown)\n', 'shutdown'],
    ['shut off (from snapshot)\n\n', 'from snapshot'],
    ['running (booted)', 'booted'],
  ])('of %j is %s', (text, reason) => expect(parseReason(text)).toBe(reason));
  it.each(['', 'shut off'])('of %j is not known', (text) => expect(parseReason(text)).toBeUndefined());
});

describe('one domain', () => {
  const info = (fields: Record<string, string>): string =>
    Object.entries({
      Id: '-',
      Name: 'web',
      UUID: a,
      State: 'shut off',
      Persistent: 'yes',
      Autostart: 'disable',
      ...fields,
    })
      .map(([label, value]) => `${`${label}:`.padEnd(15)} ${value}\n`)
      .join('');

  it.each([['plain'], ['two words'], [' led'], ['trailed  '], ['a: b'], ['größe'], [b]])(
    'reads the name %j',
    (Name) => {
      expect(parseDomain(info({ Name }))?.name).toBe(Name);
    },
  );

  it.each([
    ['running', 'running'],
    ['paused', 'paused'],
    ['shut off', 'stopped'],
    ['in shutdown', 'other'],
    ['crashed', 'other'],
  ])('that is %s is %s', (State, state) => {
    expect(parseDomain(info({ State }))).toMatchObject({ uuid: a, state, persistent: true, autostart: false });
  });

  it('that is gone is none', () => expect(parseDomain('')).toBeUndefined());
  it('of which not all was told is none', () => {
    expect(parseDomain(info({}).replace(/State.*\n/, ''))).toBeUndefined();
  });
});

describe('the list of domains', () => {
  it.each([['plain'], ['two words'], [' led'], ['trailed  '], [`it's "odd"; $(x)`], ['größe'], [b]])(
    'reads the name %j',
    (name) => {
      expect(parseNames(`${a} ${name}\n\n`, `${name}\n\n`)).toEqual([[a, name]]);
      expect(parseNames(`${a} ${name.padEnd(40)}\n\n`, `${name}\n\n`)).toEqual([[a, name]]);
    },
  );

  it('puts the lists together and drops what vanished in between', () => {
    const none = '\n';
    const sections = [
      `${a} one\n${b} two\n${c} gone\n\n`,
      'one\ntwo\ngone\n\n',
      `${a}\n\n`,
      `${b}\n\n`,
      none,
      `${a}\n\n`,
      `${b}\n\n`,
      none,
      `${b}\n\n`,
      `${a}\n`,
    ];
    expect(parseDomains(sections)).toEqual([
      { uuid: a, name: 'one', state: 'stopped', persistent: true, autostart: false },
      { uuid: b, name: 'two', state: 'running', persistent: false, autostart: true },
    ]);
  });

  it('sees a domain that stops or starts while the lists are read', () => {
    const stopping = ['', '', '', '', '', '', '', '', '', `${a}\n`];
    const started = ['', '', '', '', '', `${a}\n`, `${a}\n`, '', '', ''];
    expect(parseDomains([`${a} x\n`, 'x\n', ...stopping.slice(2)])).toMatchObject([{ state: 'stopped' }]);
    expect(parseDomains([`${a} x\n`, 'x\n', ...started.slice(2)])).toMatchObject([{ state: 'running' }]);
  });
});

describe('events', () => {
  const stamp = '2026-01-02 03:04:05.678+0000';
  it('are read with time, domain and detail', () => {
    expect(parseEvent(`${stamp}: event 'lifecycle' for domain 'web': Started Booted`)).toEqual({
      kind: 'lifecycle',
      domain: 'web',
      event: 'lifecycle',
      detail: 'Started Booted',
      timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    });
  });

  it.each([
    [`event 'reboot' for domain 'web'`, { kind: 'reboot', domain: 'web', detail: '' }],
    [
      `event 'metadata-change' for domain 'web': type element, uri urn:x`,
      { kind: 'metadata', detail: 'type element, uri urn:x' },
    ],
    [`event 'lifecycle' for domain 'a': b': Stopped Destroyed`, { domain: "a': b", detail: 'Stopped Destroyed' }],
    [`event 'device-added' for domain 'web': virtio-disk1`, { kind: 'device' }],
    [`event 'toString' for domain 'web': x`, undefined],
    [`event 'rtc-change' for domain 'web': 5`, { kind: 'other', event: 'rtc-change' }],
  ])('reads %s', (text, expected) => {
    const event = parseEvent(`${stamp}: ${text}`);
    if (expected === undefined) expect(event).toBeUndefined();
    else expect(event).toMatchObject(expected);
  });

  it.each([['qemu:///system'], ['\tcputune.x: 5'], ['events received: 3'], ['']])('leaves %j alone', (text) => {
    expect(parseEvent(text)).toBeUndefined();
  });
});

describe('figures', () => {
  it('of domains have units', () => {
    const text = [
      "Domain: 'it's'",
      '  cpu.time=1500000000',
      '  balloon.current=65536',
      '  balloon.rss=100',
      '  vcpu.current=2',
      '  net.count=1',
      '  net.0.name=vnet0',
      '  net.0.rx.bytes=18446744073709551615',
      '  block.count=1',
      '  block.0.name=vda',
      '  block.0.path=/x=y',
      '  block.0.rd.bytes=7',
      '  block.0.capacity=1024',
      '',
      "Domain: 'stranger'",
      '  cpu.time=1',
    ].join('\n');
    expect(parseDomstats(text, new Map([["it's", a]]))).toMatchObject([
      {
        uuid: a,
        name: "it's",
        cpuTimeNs: 1_500_000_000,
        vcpus: 2,
        balloon: { currentBytes: 64 * 2 ** 20, rssBytes: 102_400, unusedBytes: undefined },
        nets: [{ name: 'vnet0', rxBytes: 2 ** 64, txBytes: 0 }],
        blocks: [{ name: 'vda', path: '/x=y', readBytes: 7, capacityBytes: 1024, allocationBytes: undefined }],
      },
    ]);
  });

  it('of the host are read', () => {
    const text =
      'CPU model:           x86_64\nCPU(s):              16\nCPU frequency:       1400 MHz\nCPU socket(s):       2\nCore(s) per socket:  2\nThread(s) per core:  2\nNUMA cell(s):        2\nMemory size:         3145728 KiB\n';
    expect(parseNodeInfo(text)).toEqual({
      arch: 'x86_64',
      cpus: 16,
      sockets: 2,
      coresPerSocket: 2,
      threadsPerCore: 2,
      numaCells: 2,
      memoryBytes: 3 * 2 ** 30,
    });
    expect(() => parseNodeInfo('')).toThrow(expect.objectContaining({ code: 'host_error' }));
  });

  it('of versions are read', () => {
    const text =
      'Compiled against library: libvirt 9.0.0\nUsing library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 7.2.22\nRunning against daemon: 9.0.0\n';
    expect(parseVersion(text)).toEqual({ daemon: '9.0.0', library: '9.0.0', driver: 'QEMU', hypervisor: '7.2.22' });
  });
});

describe('networks and leases', () => {
  it('reads what net-info says', () => {
    const text = `Name:           a net\nUUID:           ${a}\nActive:         yes\nPersistent:     yes\nAutostart:      no\nBridge:         virbr0\n`;
    expect(parseNetworkInfo(text)).toEqual({
      name: 'a net',
      uuid: a,
      active: true,
      persistent: true,
      autostart: false,
    });
    expect(parseNetworkInfo('')).toBeUndefined();
  });

  it('reads leases, whatever a guest calls itself', () => {
    const text = [
      ' Expiry Time           MAC address         Protocol   IP address          Hostname      Client ID or DUID',
      '-------------------------------------------------------------------------------------------------------',
      ' 2026-01-02 03:04:05   52:54:00:AA:00:01   ipv4       10.213.7.9/24       my host       ff:01:02',
      ' 2026-01-02 03:04:05   52:54:00:aa:00:02   ipv4       10.213.7.10/24      -             -',
      '',
    ].join('\n');
    expect(parseLeases(text)).toEqual([
      {
        expiresMs: Date.UTC(2026, 0, 2, 3, 4, 5),
        mac: '52:54:00:aa:00:01',
        family: 'ipv4',
        ip: '10.213.7.9',
        prefix: 24,
        hostname: 'my host',
        clientId: 'ff:01:02',
      },
      expect.objectContaining({ hostname: undefined, clientId: undefined }),
    ]);
  });
});
