import type { DriverReport, Rule, WorkloadSpec } from '@innkeeper/model';
import { type DeviceSnapshot, type HostSnapshot, type PlacedWorkload, shippedRules } from '@innkeeper/placement';

/** A simulated installation, and what people ask of it, one after the other. */
export interface Lab {
  readonly about: string;
  readonly hosts: readonly HostSnapshot[];
  readonly workloads: readonly PlacedWorkload[];
  readonly rules: readonly Rule[];
  readonly requests: Readonly<Record<string, WorkloadSpec>>;
}

export const GiB = 2 ** 30;

const yes = (evidence: string) => ({ value: true, evidence });
const no = (evidence: string, reasonIfAbsent: string) => ({ value: false, evidence, reasonIfAbsent });

const everywhere: DriverReport['capabilities'] = {
  'device.usb': yes('libvirt hostdev'),
  nested: yes('measured'),
  privileged: yes('measured'),
  'snapshots.schedule': yes('built in'),
  'network.publish': yes('nftables'),
};

const reportOf = (parts: Pick<DriverReport, 'driver' | 'backend' | 'capabilities'>): DriverReport => ({
  placeable: true,
  healthy: true,
  versions: {},
  networks: [{ name: 'default', active: true, taken: [] }],
  images: [],
  ...parts,
});

export const lxc = reportOf({
  driver: 'lxc',
  backend: 'lxc',
  capabilities: {
    ...everywhere,
    'guest.os': {
      value: ['linux'],
      evidence: 'containers share the kernel',
      reasonIfAbsent: 'containers share the Linux kernel of the host',
    },
    'kernel.own': no('containers share the kernel', 'a container shares the kernel of the host'),
    'device.pci': no('containers have no PCI bus', 'a container has no PCI bus of its own'),
    'device.render': yes('/dev/dri'),
    'mount.host': yes('bind mounts with mapped ids'),
    'migrate.live': no('not offered', 'a running container cannot move'),
  },
});

export const kvm = reportOf({
  driver: 'kvm',
  backend: 'kvm',
  capabilities: {
    ...everywhere,
    'guest.os': { value: ['linux', 'windows', 'bsd'], evidence: 'a virtual machine' },
    'kernel.own': yes('a virtual machine'),
    'firmware.secure-boot': yes('OVMF'),
    tpm: yes('swtpm'),
    acceleration: { value: 'kvm', evidence: 'a kernel booted under KVM' },
    'device.pci': yes('vfio'),
    'device.render': no('a virtual machine', 'a render node belongs to the kernel of the host'),
    'mount.host': no('a virtual machine', 'a virtual machine sees no directory of the host'),
    'migrate.live': yes('QEMU'),
  },
});

export const noKvm = (reason: string): DriverReport => ({ ...kvm, healthy: false, reason });

const nothing = { cpus: 0, memoryBytes: 0 };

/** Memory and disk in GiB. */
export const hostOf = (
  name: string,
  size: { readonly cpus: number; readonly memory: number; readonly disk: number },
  parts: Partial<HostSnapshot> = {},
): HostSnapshot => ({
  name,
  state: 'up',
  labels: {},
  reportAgeMs: 20_000,
  drivers: [lxc, kvm],
  images: ['debian/12'],
  cpus: size.cpus,
  memoryBytes: size.memory * GiB,
  diskFreeBytes: size.disk * GiB,
  cpuRatio: 4,
  memoryRatio: 1,
  reserved: { cpus: 0, memoryBytes: GiB },
  claimed: nothing,
  foreign: nothing,
  foreignNames: {},
  devices: [],
  ...parts,
});

export const deviceOf = (
  kind: DeviceSnapshot['class'],
  key: string,
  title: string,
  parts: Partial<DeviceSnapshot> = {},
): DeviceSnapshot => ({
  key,
  class: kind,
  title,
  slots: kind === 'render' ? 3 : 1,
  state: 'free',
  holders: [],
  ...parts,
});

export const shipped = shippedRules;

export const ruleOf = (
  then: Rule['then'],
  id: string,
  when: string,
  parts: Omit<Rule, 'id' | 'when' | 'then'>,
): Rule => ({
  id,
  when,
  then,
  ...parts,
});
