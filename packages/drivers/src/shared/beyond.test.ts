import { expect, it } from 'vitest';
import { beyondModel } from './beyond.ts';

const domain = (inside: string, attributes = '') => `<domain type='kvm'${attributes}><name>x</name>${inside}</domain>`;

it('nothing is beyond the model in what every definition has', () => {
  const xml = domain(
    `<memory>1</memory><vcpu>2</vcpu><os><type>hvm</type><boot dev='hd'/></os><clock offset='utc'/><on_crash>destroy</on_crash>
     <devices><emulator>/usr/bin/qemu</emulator><controller type='usb'/><serial type='pty'/><console type='pty'/>
     <interface type='network'><source network='default'/></interface></devices>`,
  );
  expect(beyondModel(xml)).toEqual([]);
});

it('devices are told by what they are and where they come from', () => {
  const xml = domain(
    `<devices>
       <disk type='file' device='disk'><driver name='qemu'/><source file='/srv/a.qcow2'/><target dev='vda' bus='virtio'/></disk>
       <hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x01' slot='0x00' function='0x1'/></source></hostdev>
       <hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0xc52b'/></source></hostdev>
       <interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface>
       <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
       <redirdev bus='usb' type='spicevmc'/><redirdev bus='usb' type='spicevmc'/>
     </devices>`,
  );
  expect(beyondModel(xml)).toEqual([
    'disk file /srv/a.qcow2 vda',
    'hostdev pci 0000:01:00.1',
    'hostdev usb 046d:c52b',
    'interface bridge br0 virtio',
    'tpm tpm-crb emulator 2.0',
    'redirdev spicevmc (2 times)',
  ]);
});

it('command lines, features, ids and elements of other hypervisors are told', () => {
  const xml = domain(
    `<idmap><uid start='0' target='100000' count='65536'/></idmap>
     <os firmware='efi'><type>hvm</type><loader secure='yes'/></os>
     <features><acpi/><hyperv><relaxed state='on'/></hyperv></features>
     <clock offset='localtime'><timer name='rtc'/></clock>
     <xen:thing xmlns:xen='urn:xen' value='7'/>
     <qemu:commandline><qemu:arg value='-device'/><qemu:arg value='ivshmem'/></qemu:commandline>`,
    " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'",
  );
  expect(beyondModel(xml)).toEqual([
    'idmap 0 100000 65536',
    'os type loader',
    'features acpi hyperv',
    'clock timer',
    'xen:thing 7',
    'qemu:commandline -device ivshmem',
  ]);
});

it('a phrase is never longer than a line', () => {
  const [phrase] = beyondModel(domain(`<description>${'x'.repeat(5000)}</description>`));
  expect(phrase).toHaveLength(160);
});
