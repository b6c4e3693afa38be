import type { NetworkClaim } from '@innkeeper/driver-contract';
import { shellPort } from '@innkeeper/guest-shell';
import { buildXml, el, type XmlElement } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import { guestDiskPath, type MachineState, type ReadyDisk, seedDiskPath, volumeDiskPath } from '@innkeeper/storage';
import { bandwidthElement } from '../shared/bandwidth.ts';
import { consoleLog } from '../shared/console-log.ts';
import { commonElements, type Definition } from '../shared/definition.ts';
import { sharesElement } from '../shared/tuning.ts';
import { hasFirstBoot, networkConfigWords } from './first-boot.ts';
import { mostProcessors, processorElements, processors } from './processors.ts';

export type Acceleration = 'kvm' | 'tcg';

/** What a Linux machine of ours starts from, which stays what it was when the machine was made. */
export interface MachineImage extends Pick<ReadyDisk, 'kernel' | 'initrd'> {
  /** Whether its image serves shells on a port; those of earlier versions do not. */
  readonly shell: boolean;
  /** Whether its disk began as that of another machine, and has the id of that one written in it. */
  readonly copied: boolean;
}

/** By it the first process of the machine writes that id into /etc/machine-id, whatever stood there. [systemd(1)] */
export const machineIdWord = 'systemd.machine_id=';

export const consoleSocket = (paths: Paths, uuid: string): string => `${paths.run}/consoles/${uuid}.sock`;

/** Machines for Windows have a TPM and a screen, and no virtio at first. */
export const isWindows = (definition: Definition): boolean => definition.spec.image.family === 'windows';

const firmware = (definition: Definition): XmlElement[] =>
  definition.spec.image.firmware === 'uefi-secure-boot'
    ? [
        el(
          'firmware',
          {},
          el('feature', { enabled: 'yes', name: 'enrolled-keys' }),
          el('feature', { enabled: 'yes', name: 'secure-boot' }),
        ),
        el('boot', { dev: 'hd' }),
      ]
    : [];

/**
 * Named by the machine's id: libvirt's own choice is named by the machine, is left behind by a rename, and would then be
 * the variables of whoever gets the old name. [libvirt 9.0, tried]
 */
const firmwareVariables = ({ uuid, spec }: Definition): string | undefined =>
  spec.image.firmware === 'uefi-secure-boot' ? `/var/lib/libvirt/qemu/nvram/${uuid}_VARS.fd` : undefined;

const variables = (definition: Definition): XmlElement[] => {
  const path = firmwareVariables(definition);
  return path === undefined ? [] : [el('nvram', {}, path)];
};

/** Where libvirt keeps the TPM of a machine. */
export const tpmFolder = (uuid: string): string => `/var/lib/libvirt/swtpm/${uuid}`;

/** Where a machine of this definition keeps what is not on its disks. */
export const machineState = (definition: Definition): MachineState => ({
  nvram: firmwareVariables(definition),
  tpm: isWindows(definition) ? tpmFolder(definition.uuid) : undefined,
});

const kernelWords = (definition: Definition, { copied }: MachineImage): string[] => [
  'root=/dev/vda rw console=tty0 console=ttyS0',
  `systemd.hostname=${definition.name}`,
  ...(copied ? [`${machineIdWord}${definition.uuid.replaceAll('-', '')}`] : []),
  ...networkConfigWords(definition),
];

/** The distribution's kernel, beside the disk made from the same tree. */
const directKernel = (definition: Definition, ready: MachineImage | undefined): XmlElement[] =>
  ready === undefined
    ? []
    : [
        el('kernel', {}, ready.kernel),
        el('initrd', {}, ready.initrd),
        el('cmdline', {}, kernelWords(definition, ready).join(' ')),
      ];

const operatingSystem = (definition: Definition, ready: MachineImage | undefined): XmlElement =>
  el(
    'os',
    definition.spec.image.firmware === 'uefi-secure-boot' ? { firmware: 'efi' } : {},
    el('type', { arch: 'x86_64', machine: 'q35' }, 'hvm'),
    ...firmware(definition),
    ...variables(definition),
    ...directKernel(definition, ready),
  );

/** Hyper-V features that every QEMU we support offers, in software too; Windows measures time and spins better with them. */
const hyperv = (): XmlElement =>
  el(
    'hyperv',
    { mode: 'custom' },
    el('relaxed', { state: 'on' }),
    el('vapic', { state: 'on' }),
    el('spinlocks', { state: 'on', retries: 8191 }),
  );

const features = (definition: Definition, acceleration: Acceleration): XmlElement =>
  el(
    'features',
    {},
    el('acpi'),
    el('apic'),
    isWindows(definition) && acceleration === 'kvm' && hyperv(),
    definition.spec.image.firmware === 'uefi-secure-boot' && el('smm', { state: 'on' }),
  );

const clock = (definition: Definition, acceleration: Acceleration): XmlElement =>
  isWindows(definition)
    ? el(
        'clock',
        { offset: 'localtime' },
        el('timer', { name: 'rtc', tickpolicy: 'catchup' }),
        el('timer', { name: 'pit', tickpolicy: 'delay' }),
        el('timer', { name: 'hpet', present: 'no' }),
        acceleration === 'kvm' && el('timer', { name: 'hypervclock', present: 'yes' }),
      )
    : el('clock', { offset: 'utc' });

/** Windows has no virtio drivers until it is given them: SATA and e1000e are what it knows by itself. */
const disk = (definition: Definition, paths: Paths): XmlElement =>
  el(
    'disk',
    { type: 'file', device: 'disk' },
    el('driver', { name: 'qemu', type: 'qcow2', discard: 'unmap' }),
    el('source', { file: guestDiskPath(paths, definition.uuid) }),
    isWindows(definition) ? el('target', { dev: 'sda', bus: 'sata' }) : el('target', { dev: 'vda', bus: 'virtio' }),
  );

/** The name is its serial number: Linux shows it as /dev/disk/by-id/virtio-NAME. [virtio 1.2, 5.2: 20 bytes] */
export const volumeElement = (paths: Paths, uuid: string, name: string, target: string): XmlElement =>
  el(
    'disk',
    { type: 'file', device: 'disk' },
    el('driver', { name: 'qemu', type: 'qcow2', discard: 'unmap' }),
    el('source', { file: volumeDiskPath(paths, uuid, name) }),
    el('target', { dev: target, bus: 'virtio' }),
    el('serial', {}, volumeSerial(name)),
  );

export const volumeSerial = (name: string): string => name.slice(0, 20);

const volumes = ({ uuid, spec }: Definition, paths: Paths): XmlElement[] =>
  spec.volumes.map(({ name }, position) =>
    volumeElement(paths, uuid, name, `vd${String.fromCharCode('b'.charCodeAt(0) + position)}`),
  );

/** Behind all volumes, whose letters stay what they are. */
const seed = (definition: Definition, paths: Paths, seeded: boolean): XmlElement | false =>
  seeded &&
  el(
    'disk',
    { type: 'file', device: 'disk' },
    el('driver', { name: 'qemu', type: 'raw' }),
    el('source', { file: seedDiskPath(paths, definition.uuid) }),
    el('target', { dev: 'vdz', bus: 'virtio' }),
    el('readonly'),
  );

/** Slots of a q35 machine into which devices can be put while it runs: each is a port of its own, and takes one. */
const spareSlots = 20;

const ports = (): XmlElement[] => [
  el('controller', { type: 'pci', index: 0, model: 'pcie-root' }),
  ...Array.from({ length: spareSlots }, () => el('controller', { type: 'pci', model: 'pcie-root-port' })),
];

export const nic = (definition: Definition, { network, mac }: NetworkClaim, position: number): XmlElement =>
  el(
    'interface',
    { type: 'network' },
    el('mac', { address: mac }),
    el('source', { network }),
    el('model', { type: isWindows(definition) ? 'e1000e' : 'virtio' }),
    bandwidthElement(definition.spec.networks[position]),
  );

const screen = (definition: Definition): XmlElement[] =>
  isWindows(definition)
    ? [
        el('input', { type: 'tablet', bus: 'usb' }),
        // A socket, not a port: VNC on loopback would be open to every user of the host.
        el('graphics', { type: 'vnc' }, el('listen', { type: 'socket' })),
        el('video', {}, el('model', { type: 'vga' })),
        el('tpm', { model: 'tpm-crb' }, el('backend', { type: 'emulator', version: '2.0' })),
      ]
    : [el('video', {}, el('model', { type: 'none' }))];

const serial = (definition: Definition, paths: Paths): XmlElement =>
  el(
    'serial',
    { type: 'unix' },
    el('source', { mode: 'bind', path: consoleSocket(paths, definition.uuid) }),
    el('log', { file: consoleLog(paths, definition.uuid), append: 'on' }),
    el('target', { port: 0 }),
  );

export const agentPort = 'org.qemu.guest_agent.0';

/** libvirt chooses the socket on the host. */
const port = (name: string): XmlElement => el('channel', { type: 'unix' }, el('target', { type: 'virtio', name }));

/** Pinned are the virtual processors, those too that the machine may be given, and QEMU's own threads. */
const tuning = ({ shares, spec: { cpuPinning } }: Definition, count: number): XmlElement =>
  el(
    'cputune',
    {},
    ...sharesElement(shares),
    ...(cpuPinning === undefined
      ? []
      : [
          ...Array.from({ length: count }, (_, vcpu) => el('vcpupin', { vcpu, cpuset: cpuPinning })),
          el('emulatorpin', { cpuset: cpuPinning }),
        ]),
  );

/**
 * A virtual machine's definition. `ready` is what a Linux image starts from; without it the disk begins empty. `seeded`: whether it
 * is told anything at its first boot.
 */
export const machineXml = (
  definition: Definition,
  paths: Paths,
  acceleration: Acceleration,
  ready: MachineImage | undefined,
  seeded = hasFirstBoot(definition),
): string =>
  buildXml(
    el(
      'domain',
      { type: acceleration === 'kvm' ? 'kvm' : 'qemu' },
      ...commonElements(definition),
      ...processorElements(processors(definition, acceleration), mostProcessors(definition, acceleration)),
      tuning(definition, mostProcessors(definition, acceleration)),
      operatingSystem(definition, ready),
      features(definition, acceleration),
      acceleration === 'kvm' && el('cpu', { mode: 'host-model' }),
      clock(definition, acceleration),
      el('on_poweroff', {}, 'destroy'),
      el('on_reboot', {}, 'restart'),
      el('on_crash', {}, 'destroy'),
      el(
        'devices',
        {},
        disk(definition, paths),
        ...volumes(definition, paths),
        seed(definition, paths, seeded),
        ...ports(),
        ...definition.claims.networks.map((claim, at) => nic(definition, claim, at)),
        serial(definition, paths),
        port(agentPort),
        ready?.shell === true && port(shellPort),
        ...screen(definition),
        // Every ten seconds the guest says what it uses: without a period libvirt knows QEMU's resident size only.
        el('memballoon', { model: 'virtio' }, el('stats', { period: 10 })),
        el('rng', { model: 'virtio' }, el('backend', { model: 'random' }, '/dev/urandom')),
      ),
    ),
    { pretty: true },
  );
