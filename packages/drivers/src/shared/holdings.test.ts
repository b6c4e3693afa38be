import { readFileSync } from 'node:fs';
import { describeDomain } from '@innkeeper/libvirt';
import { describe, expect, it } from 'vitest';
import { holdingsOf } from './holdings.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../libvirt/src/xml/fixtures/${name}.xml`, import.meta.url), 'utf8');
const devicesOf = (xml: string) => holdingsOf(describeDomain(`<domain><devices>${xml}</devices></domain>`)).devices;

describe('what a guest holds of its host', () => {
  it("are a machine's disks, without the empty drive, and what is passed through", () => {
    expect(holdingsOf(describeDomain(fixture('foreign-vm')))).toEqual({
      disks: [
        { target: 'vda', source: '/var/lib/libvirt/images/web.qcow2', readonly: false },
        { target: 'vdb', source: 'rbd:pool/image', readonly: false },
      ],
      devices: [
        { kind: 'usb', id: '46f4:0001', address: '1:4', text: 'USB device 46f4:0001 (bus 1, device 4)' },
        { kind: 'pci', address: '0000:01:00.0', text: 'PCI device 0000:01:00.0' },
      ],
    });
  });

  it("are a container's directories, without memory, and its device nodes", () => {
    expect(holdingsOf(describeDomain(fixture('container')))).toEqual({
      disks: [{ target: '/', source: '/srv/box', readonly: false }],
      devices: [{ kind: 'node', address: '/dev/fuse', text: 'device /dev/fuse' }],
    });
  });

  it.each([
    [
      `<hostdev mode='subsystem' type='usb'><source><address bus='2' device='7'/></source></hostdev>`,
      'USB device bus 2, device 7',
    ],
    [
      `<hostdev mode='capabilities' type='net'><source><interface>eth1</interface></source></hostdev>`,
      'network interface eth1',
    ],
    [
      `<interface type='hostdev'><source><address type='pci' domain='0x0000' bus='0x02' slot='0x10' function='0x1'/></source></interface>`,
      'PCI device 0000:02:10.1',
    ],
    [
      `<hostdev mode='subsystem' type='mdev'><source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>`,
      'mediated device c2177883-f1bb-47f0-914d-32a22e3a8804',
    ],
    [`<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/></source></hostdev>`, 'scsi device'],
  ])('are said in words: %s', (xml, text) => {
    expect(devicesOf(xml)?.map((one) => one.text)).toEqual([text]);
  });
});
