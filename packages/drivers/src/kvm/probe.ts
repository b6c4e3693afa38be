import type { Host } from '@innkeeper/host';
import { attribute, childNamed, elements, type Libvirt, parseXml, textOf, type XmlElement } from '@innkeeper/libvirt';
import type { Capability, DriverReport } from '@innkeeper/model';
import { publishCapability } from '@innkeeper/network';
import { limitCapability } from '../shared/bandwidth.ts';
import { poolCapability } from '../shared/pools.ts';
import type { Verdict } from './acceleration.ts';

const enumHolds = (parent: XmlElement | undefined, name: string, value: string): boolean =>
  parent !== undefined &&
  elements(parent, 'enum').some(
    (one) => attribute(one, 'name') === name && elements(one, 'value').some((text) => textOf(text) === value),
  );

/** Firmware with Secure Boot and an emulated TPM, as libvirt says that this host has them. */
const firmwareAndTpm = async (libvirt: Libvirt): Promise<{ secureBoot: boolean; tpm: boolean }> => {
  const { root } = parseXml(await libvirt.domainCapabilitiesXml({ virttype: 'qemu', arch: 'x86_64', machine: 'q35' }));
  const os = childNamed(root, 'os');
  const loader = os === undefined ? undefined : childNamed(os, 'loader');
  const devices = childNamed(root, 'devices');
  const tpm = devices === undefined ? undefined : childNamed(devices, 'tpm');
  return {
    secureBoot: enumHolds(os, 'firmware', 'efi') && enumHolds(loader, 'secure', 'yes'),
    tpm: tpm !== undefined && enumHolds(tpm, 'backendModel', 'emulator'),
  };
};

const accelerationFact = (verdict: Verdict | undefined): Capability =>
  verdict === undefined
    ? {
        value: 'unproven',
        evidence: '/dev/kvm opens; proven by booting a kernel before the first virtual machine starts',
      }
    : { value: verdict.value, evidence: verdict.evidence };

export const kvmCapabilities = async (
  host: Host,
  libvirt: Libvirt,
  verdict: Verdict | undefined,
): Promise<DriverReport['capabilities']> => {
  const { secureBoot, tpm } = await firmwareAndTpm(libvirt);
  return {
    'guest.os': { value: ['linux', 'windows'], evidence: 'a virtual machine boots any system' },
    'kernel.own': { value: true, evidence: 'a virtual machine boots its own kernel' },
    acceleration: accelerationFact(verdict),
    'firmware.secure-boot': {
      value: secureBoot,
      evidence: 'libvirt domcapabilities',
      reasonIfAbsent: 'no UEFI firmware with Secure Boot is installed (package ovmf)',
    },
    tpm: {
      value: tpm,
      evidence: 'libvirt domcapabilities',
      reasonIfAbsent: 'no TPM emulator is installed (package swtpm)',
    },
    exec: {
      value: true,
      evidence: 'by a program of our images, or qemu-guest-agent in guests that have it only',
    },
    'exec.stream': {
      value: true,
      evidence:
        'by a program of our images on a virtio port; guests with qemu-guest-agent alone get input and output at once',
    },
    'exec.tty': {
      value: true,
      evidence: 'by a program of our images on a virtio port; guests with qemu-guest-agent alone have none',
    },
    'files.stopped': {
      value: false,
      evidence: "a machine's disk is for its own kernel to read, not for the host's",
      reasonIfAbsent:
        "the disk of a stopped virtual machine is not opened: a file system made by a guest is never given to the host's kernel",
    },
    screen: { value: true, evidence: 'libvirt takes pictures of the first screen, and presses keys' },
    console: { value: true, evidence: 'serial port' },
    'console.history': { value: true, evidence: 'libvirt writes what the serial port prints into a file' },
    backup: { value: true, evidence: 'its disks, UEFI variables and TPM, and the image below its disk' },
    clone: {
      value: true,
      evidence: 'copies of its disks, UEFI variables and TPM; who it is, it is told at its first start',
    },
    pause: { value: true, evidence: 'QEMU stops its processors' },
    pools: poolCapability,
    rename: { value: true, evidence: 'libvirt renames machines' },
    'snapshots.schedule': { value: true, evidence: 'Innkeeper asks for them when they are due' },
    snapshots: {
      value: true,
      evidence: 'copies of its disks, UEFI variables and TPM, while its processors stand still or it is stopped',
    },
    'start.by-others': { value: true, evidence: 'its disk is a file, nothing has to be mounted' },
    adopt: { value: true, evidence: "an element of our own in the domain's metadata" },
    'convert.from': {
      value: false,
      evidence: 'a machine is no container',
      reasonIfAbsent: 'a virtual machine does not become a container',
    },
    'convert.to': {
      value: false,
      evidence: 'a machine is no container',
      reasonIfAbsent: 'a container does not become a virtual machine',
    },
    'cpu.weight': { value: true, evidence: 'cgroup weight of the machine' },
    'cpu.pinning': { value: true, evidence: 'libvirt pins virtual processors' },
    volumes: { value: true, evidence: 'disks beside the root' },
    'network.limits': await limitCapability(host),
    'network.publish': await publishCapability(host),
    'network.define': { value: true, evidence: 'networks of libvirt' },
    'cloud-init': { value: true, evidence: 'cloud-init of our images, told by a disk labelled cidata (NoCloud)' },
    'limits.cpu': { value: true, evidence: 'number of virtual processors' },
    'limits.memory': { value: true, evidence: 'memory of the machine' },
    'limits.disk': { value: true, evidence: 'size of the disk' },
  };
};
