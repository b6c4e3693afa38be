import type { CapabilityName, CompleteSpec, Family, Requirement } from '@innkeeper/model';
import { deviceText } from './checks/devices.ts';

/** A requirement that a driver's capability has to meet. Derived from the specification, never configured. */
export interface CapabilityRequirement extends Requirement {
  readonly capability: CapabilityName;
  /** The capability's value must be, or hold, this. */
  readonly wanted: true | string;
}

const familyName: Readonly<Record<Family, string>> = {
  linux: 'Linux',
  windows: 'Windows',
  bsd: 'BSD',
  other: 'another system',
};

/** What asks for a capability, and the words for it; undefined when a specification does not ask. */
type Derivation = readonly [id: string, capability: CapabilityName, asks: (spec: CompleteSpec) => string | undefined];

const when = (asked: boolean, text: string): string | undefined => (asked ? text : undefined);

/** Devices of its own, each kind once, with the verb that follows. */
const exclusive = ({ devices }: CompleteSpec): string | undefined => {
  const kinds = new Set(devices.filter((one) => one.class === 'gpu' || one.class === 'pci').map(deviceText));
  if (kinds.size === 0) return undefined;
  return `${[...kinds].join(' and ')} of its own ${kinds.size === 1 ? 'needs' : 'need'} PCI passthrough`;
};

/** Fields of the model, and what of a driver they cannot do without. */
const derivations: readonly Derivation[] = [
  ['own-kernel', 'kernel.own', (s) => when(s.isolation === 'strong', 'isolation: strong asks for a kernel of its own')],
  [
    'kernel-modules',
    'kernel.own',
    (s) => when(s.kernelModules.length > 0, `kernelModules ${s.kernelModules.join(', ')} ask for a kernel of its own`),
  ],
  [
    'secure-boot',
    'firmware.secure-boot',
    (s) => when(s.image.firmware === 'uefi-secure-boot', `${s.image.name} needs UEFI with Secure Boot`),
  ],
  ['tpm', 'tpm', (s) => when(s.image.tpm, `${s.image.name} needs a TPM 2.0`)],
  ['device-pci', 'device.pci', exclusive],
  [
    'device-usb',
    'device.usb',
    (s) =>
      when(
        s.devices.some((one) => one.class === 'usb'),
        'a USB device has to be handed to the guest',
      ),
  ],
  [
    'device-render',
    'device.render',
    (s) =>
      when(
        s.devices.some((one) => one.class === 'render'),
        'a shared GPU is a render node of the host',
      ),
  ],
  ['live-migration', 'migrate.live', (s) => when(s.liveMigration, 'liveMigration asks to move while it runs')],
  ['mounts', 'mount.host', (s) => when(s.mounts.length > 0, 'mounts are directories of the host')],
  ['volumes', 'volumes', (s) => when(s.volumes.length > 0, 'volumes are disks beside the root')],
  ['nested', 'nested', (s) => when(s.nested, 'nested: it runs containers itself')],
  ['privileged', 'privileged', (s) => when(s.privileged, 'privileged: root of the guest is root of the host')],
  ['pools', 'pools', (s) => when(s.pool !== undefined, `pool: ${s.pool} is a place of its own`)],
  ['disk-limit', 'limits.disk', (s) => when(s.diskEnforced, 'diskEnforced asks for a limit that is kept')],
  ['cpu-weight', 'cpu.weight', (s) => when(s.cpuWeight !== undefined, `cpuWeight ${s.cpuWeight}`)],
  ['cpu-pinning', 'cpu.pinning', (s) => when(s.cpuPinning !== undefined, `cpuPinning ${s.cpuPinning}`)],
  ['memory-reserve', 'memory.reserve', (s) => when(s.memoryReserveBytes !== undefined, 'memoryReserve is kept for it')],
  ['pause', 'pause', (s) => when(s.power === 'paused', 'power: paused')],
  [
    'ports',
    'network.publish',
    (s) =>
      when(
        s.networks.some((one) => (one.ports ?? []).length > 0),
        'published ports',
      ),
  ],
  [
    'network-limit',
    'network.limits',
    (s) =>
      when(
        s.networks.some((one) => one.limit !== undefined),
        'a limit of a network interface',
      ),
  ],
  ['cloud-init', 'cloud-init', (s) => when(s.cloudInit !== undefined, 'cloudInit is done at the first boot')],
  ['snapshots', 'snapshots.schedule', (s) => when(s.snapshots !== undefined, 'snapshots on a schedule')],
  ['backups', 'backup', (s) => when(s.backups !== undefined, 'backups on a schedule')],
  [
    'readiness',
    'exec',
    (s) =>
      when(s.readiness?.command !== undefined || s.readiness?.systemd === true, 'readiness is asked inside the guest'),
  ],
  ['failover', 'failover', (s) => when(s.failover === 'auto', 'failover: auto')],
  ['replicate', 'replicate', (s) => when(s.replicate !== undefined, 'replicate keeps copies on another host')],
];

/** What a specification cannot do without, whoever asks and whatever the rules say. */
export const requirementsOf = (spec: CompleteSpec): CapabilityRequirement[] => [
  {
    id: 'guest-os',
    text: `${spec.image.name} is a ${familyName[spec.image.family]} guest`,
    capability: 'guest.os',
    wanted: spec.image.family,
  },
  ...derivations.flatMap(([id, capability, asks]): CapabilityRequirement[] => {
    const text = asks(spec);
    return text === undefined ? [] : [{ id, text, capability, wanted: true }];
  }),
];
