import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeNetwork } from './network.ts';
import { describeDomain } from './parse.ts';

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}.xml`, import.meta.url), 'utf8');
/** As virt-manager and a user's editor leave it: other people's namespaces, comments and QEMU arguments. */
const foreignVm = fixture('foreign-vm');
const container = fixture('container');

describe('describing a virtual machine', () => {
  const vm = describeDomain(foreignVm);

  it('reads names and numbers as they are', () => {
    expect(vm).toMatchObject({
      type: 'kvm',
      id: 3,
      name: 'Old "web" & mail',
      uuid: '0012e5aa-0000-4000-8000-000000000012',
      title: '1e5',
      memoryBytes: 2 * 2 ** 30,
      maxMemoryBytes: 4 * 2 ** 30,
      vcpus: 2,
      maxVcpus: 4,
      onReboot: 'restart',
      idmap: undefined,
      osInfo: 'http://debian.org/debian/12',
    });
  });

  it('reads how it boots', () => {
    expect(vm.os).toMatchObject({
      type: 'hvm',
      arch: 'x86_64',
      machine: 'pc-q35-7.2',
      firmware: 'efi',
      secureBoot: true,
      nvram: '/var/lib/libvirt/qemu/nvram/web_VARS.fd',
      bootDevices: ['hd', 'cdrom'],
    });
  });

  it('reads its disks, an empty drive and a network disk among them', () => {
    expect(
      vm.disks.map(({ device, source, target, bus, readonly, format }) => ({
        device,
        source,
        target,
        bus,
        readonly,
        format,
      })),
    ).toEqual([
      {
        device: 'disk',
        source: '/var/lib/libvirt/images/web.qcow2',
        target: 'vda',
        bus: 'virtio',
        readonly: false,
        format: 'qcow2',
      },
      { device: 'cdrom', source: undefined, target: 'sda', bus: 'sata', readonly: true, format: undefined },
      { device: 'disk', source: 'rbd:pool/image', target: 'vdb', bus: 'virtio', readonly: false, format: undefined },
    ]);
  });

  it('reads devices of the host', () => {
    expect(vm.hostdevs).toEqual([
      {
        mode: 'subsystem',
        type: 'usb',
        managed: true,
        pci: undefined,
        usb: { vendor: '46f4', product: '0001', bus: 1, device: 4 },
        path: undefined,
      },
      { mode: 'subsystem', type: 'pci', managed: true, pci: '0000:01:00.0', usb: undefined, path: undefined },
    ]);
  });

  it('reads how it is reached', () => {
    expect(vm.interfaces).toMatchObject([
      { mac: '52:54:00:aa:bb:01', network: 'default', bridge: 'virbr0', targetDevice: 'vnet3', model: 'virtio' },
    ]);
    expect(vm.graphics).toEqual([
      { type: 'vnc', port: undefined, socket: '/run/vnc.sock', listen: undefined },
      { type: 'spice', port: 5901, socket: undefined, listen: '127.0.0.1' },
    ]);
    expect(vm.consoles).toEqual([
      {
        kind: 'serial',
        type: 'unix',
        path: '/run/serial.sock',
        logFile: '/var/log/serial.log',
        name: undefined,
        state: undefined,
      },
      {
        kind: 'channel',
        type: 'unix',
        path: '/run/agent.sock',
        logFile: undefined,
        name: 'org.qemu.guest_agent.0',
        state: 'connected',
      },
    ]);
    expect(vm.tpm).toEqual({ model: 'tpm-crb', backend: 'emulator', version: '2.0' });
  });

  it('gives each piece of metadata by its namespace', () => {
    expect(vm.metadata.get('urn:other')).toBe('<other:thing xmlns:other="urn:other">keep &lt;me&gt;</other:thing>');
    expect([...vm.metadata.keys()]).toContain('http://libosinfo.org/xmlns/libvirt/domain/1.0');
  });

  it('declares a prefix again that was declared outside', () => {
    const { metadata } = describeDomain(
      `<domain xmlns:ik='urn:ik'><metadata><ik:spec a='1'><ik:x/></ik:spec></metadata></domain>`,
    );
    expect(metadata.get('urn:ik')).toBe('<ik:spec a="1" xmlns:ik="urn:ik"><ik:x/></ik:spec>');
  });
});

describe('describing a container', () => {
  it('reads what containers have', () => {
    expect(describeDomain(container)).toMatchObject({
      type: 'lxc',
      memoryBytes: 64 * 2 ** 20,
      vcpus: 1,
      os: { type: 'exe', init: '/sbin/init', initArguments: ['--unit', 'multi-user.target'] },
      idmap: { uid: [{ start: 0, target: 100000, count: 65536 }], gid: [{ start: 0, target: 200000, count: 65536 }] },
      filesystems: [
        { source: '/srv/box', target: '/', readonly: false },
        { source: '64', target: '/tmp', readonly: true },
      ],
      interfaces: [{ ips: ['10.0.0.2/24', 'fd00::2'] }],
      hostdevs: [{ mode: 'capabilities', type: 'misc', path: '/dev/fuse' }],
      consoles: [{ kind: 'console', path: '/dev/pts/3' }],
    });
  });

  it('is content with a document that says nothing', () => {
    expect(describeDomain('<domain/>')).toMatchObject({
      type: 'unknown',
      name: '',
      uuid: undefined,
      memoryBytes: undefined,
      disks: [],
    });
  });
});

describe('describing a network', () => {
  it('reads addresses, ranges and hosts', () => {
    const xml = `<network><name>default</name><uuid>dd8fe884-6c02-601e-7551-cca97df1c5df</uuid><forward mode='nat'/>
      <bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.254.0'><dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/><host mac='52:54:00:00:00:0A' ip='192.168.122.9'/></dhcp></ip>
      <ip family='ipv6' address='fd00::1' prefix='64'/></network>`;
    expect(describeNetwork(xml)).toMatchObject({
      name: 'default',
      bridge: 'virbr0',
      forwardMode: 'nat',
      ips: [
        {
          address: '192.168.122.1',
          prefix: 23,
          dhcp: {
            ranges: [{ start: '192.168.122.2', end: '192.168.122.254' }],
            hosts: [{ mac: '52:54:00:00:00:0a', ip: '192.168.122.9', name: undefined }],
          },
        },
        { address: 'fd00::1', family: 'ipv6', prefix: 64 },
      ],
    });
  });
});
