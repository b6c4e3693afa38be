import {
  type CompleteSpec,
  completeSpec,
  type DeviceReport,
  type DriverReport,
  type Rule,
  type RuleEffect,
  type WorkloadSpec,
} from '@innkeeper/model';
import { shippedRules } from './rules/shipped.ts';
import type { DeviceSnapshot, HostSnapshot, PlacedWorkload, PlacementRequest, Snapshot } from './snapshot.ts';

/** Hosts, drivers and requests for tests: what a host of a homelab reports when every part of it works. */
export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

const driver = (parts: Partial<DriverReport> & Pick<DriverReport, 'driver' | 'backend'>): DriverReport => ({
  placeable: true,
  healthy: true,
  versions: {},
  networks: [{ name: 'default', active: true, taken: [] }],
  images: [],
  capabilities: {},
  ...parts,
});

const yes = (evidence: string) => ({ value: true, evidence });
const no = (evidence: string, reasonIfAbsent: string) => ({ value: false, evidence, reasonIfAbsent });

export const lxc = driver({
  driver: 'lxc',
  backend: 'lxc',
  capabilities: {
    'guest.os': {
      value: ['linux'],
      evidence: 'containers share the kernel',
      reasonIfAbsent: 'containers share the Linux kernel of the host',
    },
    'kernel.own': no('containers share the kernel', 'a container shares the kernel of the host'),
    'device.pci': no('containers have no PCI bus', 'a container has no PCI bus of its own'),
    'device.render': yes('/dev/dri/renderD128'),
    'device.usb': yes('libvirt hostdev'),
    'mount.host': yes('bind mounts with mapped ids'),
    'migrate.live': no('not offered', 'a running container cannot move'),
    nested: yes('nesting'),
    privileged: yes('no id map'),
    pause: yes('freezer'),
  },
});

export const kvm = driver({
  driver: 'kvm',
  backend: 'kvm',
  capabilities: {
    'guest.os': { value: ['linux', 'windows', 'bsd'], evidence: 'a virtual machine' },
    'kernel.own': yes('a virtual machine'),
    'firmware.secure-boot': yes('OVMF_CODE_4M.secboot.fd'),
    tpm: yes('swtpm 0.7.1'),
    acceleration: { value: 'kvm', evidence: 'a Linux kernel booted under KVM' },
    'device.pci': yes('vfio'),
    'device.render': no('a virtual machine', 'a render node belongs to the kernel of the host'),
    'device.usb': yes('libvirt hostdev'),
    'mount.host': no('a virtual machine', 'a virtual machine sees no directory of the host'),
    'migrate.live': yes('QEMU'),
    nested: yes('its own kernel'),
    privileged: yes('its own kernel'),
    pause: yes('QEMU'),
  },
});

export const host = (name: string, parts: Partial<HostSnapshot> = {}): HostSnapshot => ({
  name,
  state: 'up',
  labels: {},
  reportAgeMs: 0,
  drivers: [lxc, kvm],
  images: ['debian/12'],
  cpus: 8,
  memoryBytes: 16 * GiB,
  diskFreeBytes: 200 * GiB,
  cpuRatio: 4,
  memoryRatio: 1,
  reserved: { cpus: 0, memoryBytes: 0 },
  claimed: { cpus: 0, memoryBytes: 0 },
  foreign: { cpus: 0, memoryBytes: 0 },
  foreignNames: {},
  devices: [],
  ...parts,
});

export const device = (
  parts: Partial<DeviceSnapshot> & Pick<DeviceReport, 'key' | 'class' | 'title'>,
): DeviceSnapshot => ({
  slots: 1,
  state: (parts.holders ?? []).length > 0 ? 'claimed' : 'free',
  holders: [],
  ...parts,
});

export const placed = (name: string, on: string, parts: Partial<PlacedWorkload> = {}): PlacedWorkload => ({
  name,
  host: on,
  driver: 'lxc',
  project: 'default',
  labels: {},
  running: true,
  ...parts,
});

export const snapshot = (hosts: readonly HostSnapshot[], parts: Partial<Snapshot> = {}): Snapshot => ({
  hosts,
  workloads: [],
  rules: shippedRules,
  ...parts,
});

export const ask = (spec: Partial<WorkloadSpec> = {}, parts: Partial<CompleteSpec> = {}): PlacementRequest => ({
  name: 'wiki',
  spec: { ...completeSpec({ image: 'debian/12', ...spec }), ...parts },
});

const ruleOf =
  (effect: RuleEffect) =>
  (id: string, when: string, parts: Partial<Rule> = {}): Rule => ({
    id,
    when,
    then: effect,
    message: `the rule ${id} says so`,
    ...parts,
  });

export const forbidding = ruleOf('forbid');
export const requiring = ruleOf('require');
export const preferring = (id: string, when: string, weight: number, parts: Partial<Rule> = {}): Rule =>
  ruleOf('prefer')(id, when, { weight, ...parts });
