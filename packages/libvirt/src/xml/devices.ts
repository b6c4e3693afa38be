import { attribute, childNamed, descend, elements, numberAttribute, textOf } from './query.ts';
import type { XmlElement } from './tree.ts';

export interface DiskDescription {
  /** `disk`, `cdrom`, `floppy` or `lun`. */
  readonly device: string;
  /** Where it comes from: `file`, `block`, `network`, `volume`, … */
  readonly type: string;
  readonly format: string | undefined;
  /** A path, or `pool/volume`, or `protocol:name`; undefined for an empty drive. */
  readonly source: string | undefined;
  /** Name in the guest, such as `vda`. */
  readonly target: string;
  readonly bus: string | undefined;
  readonly readonly: boolean;
  readonly shareable: boolean;
}

export interface FilesystemDescription {
  readonly type: string;
  readonly source: string | undefined;
  readonly target: string;
  readonly readonly: boolean;
}

export interface InterfaceDescription {
  readonly type: string;
  readonly mac: string | undefined;
  readonly network: string | undefined;
  readonly bridge: string | undefined;
  readonly model: string | undefined;
  /** `0000:01:00.1` of a network card that is passed through, type `hostdev`. */
  readonly pci: string | undefined;
  /** Its name on the host while the guest runs, such as `vnet3`. */
  readonly targetDevice: string | undefined;
  /** Addresses libvirt gives a container, such as `10.0.0.2/24`. */
  readonly ips: readonly string[];
  /** Averages of its limits, in kilobytes a second, inbound and outbound; undefined without any. */
  readonly bandwidth: { readonly inbound: number | undefined; readonly outbound: number | undefined } | undefined;
}

export interface GraphicsDescription {
  /** `vnc` or `spice`. */
  readonly type: string;
  /** Undefined when not running or not on TCP: libvirt writes -1. */
  readonly port: number | undefined;
  readonly socket: string | undefined;
  readonly listen: string | undefined;
}

export interface CharacterDescription {
  readonly kind: 'console' | 'serial' | 'channel';
  /** `pty`, `unix`, `file`, … */
  readonly type: string;
  /** The pty, socket or file. */
  readonly path: string | undefined;
  readonly logFile: string | undefined;
  /** Of a channel: `org.qemu.guest_agent.0`. */
  readonly name: string | undefined;
  /** Of a channel in a running guest: `connected` or `disconnected`. */
  readonly state: string | undefined;
}

export interface HostDeviceDescription {
  /** `subsystem` or `capabilities`. */
  readonly mode: string;
  /** `pci`, `usb`, `mdev`, `misc`, `storage`, … */
  readonly type: string;
  readonly managed: boolean;
  /** `0000:01:00.0`. */
  readonly pci: string | undefined;
  readonly usb: UsbDescription | undefined;
  /** Of a device node that a container gets. */
  readonly path: string | undefined;
  /** Name of a network interface that a container gets. */
  readonly netInterface: string | undefined;
  /** UUID of a mediated device. */
  readonly mdev: string | undefined;
}

export interface UsbDescription {
  /** Four hexadecimal digits. */
  readonly vendor: string | undefined;
  readonly product: string | undefined;
  readonly bus: number | undefined;
  readonly device: number | undefined;
}

export interface TpmDescription {
  readonly model: string | undefined;
  readonly backend: string | undefined;
  readonly version: string | undefined;
}

export interface DeviceDescriptions {
  readonly emulator: string | undefined;
  readonly disks: readonly DiskDescription[];
  readonly filesystems: readonly FilesystemDescription[];
  readonly interfaces: readonly InterfaceDescription[];
  readonly graphics: readonly GraphicsDescription[];
  /** Consoles, serial lines and channels. */
  readonly consoles: readonly CharacterDescription[];
  readonly hostdevs: readonly HostDeviceDescription[];
  readonly tpm: TpmDescription | undefined;
}

const first = (element: XmlElement | undefined, ...names: readonly string[]): string | undefined =>
  names.map((name) => attribute(element, name)).find((value) => value !== undefined);

const joined = (separator: string, ...parts: readonly (string | undefined)[]): string | undefined =>
  parts.includes(undefined) ? undefined : parts.join(separator);

const diskSource = (source: XmlElement | undefined): string | undefined =>
  first(source, 'file', 'dev', 'dir') ??
  joined('/', attribute(source, 'pool'), attribute(source, 'volume')) ??
  joined(':', attribute(source, 'protocol'), attribute(source, 'name'));

const disk = (element: XmlElement): DiskDescription => ({
  device: attribute(element, 'device') ?? 'disk',
  type: attribute(element, 'type') ?? 'file',
  format: attribute(childNamed(element, 'driver'), 'type'),
  source: diskSource(childNamed(element, 'source')),
  target: attribute(childNamed(element, 'target'), 'dev') ?? '',
  bus: attribute(childNamed(element, 'target'), 'bus'),
  readonly: childNamed(element, 'readonly') !== undefined,
  shareable: childNamed(element, 'shareable') !== undefined,
});

const filesystem = (element: XmlElement): FilesystemDescription => ({
  type: attribute(element, 'type') ?? 'mount',
  source: first(childNamed(element, 'source'), 'dir', 'file', 'dev', 'name', 'usage', 'socket'),
  target: attribute(childNamed(element, 'target'), 'dir') ?? '',
  readonly: childNamed(element, 'readonly') !== undefined,
});

const ip = (element: XmlElement): string[] => {
  const address = attribute(element, 'address');
  const prefix = attribute(element, 'prefix');
  if (address === undefined) return [];
  return [prefix === undefined ? address : `${address}/${prefix}`];
};

const bandwidth = (element: XmlElement | undefined): InterfaceDescription['bandwidth'] =>
  element === undefined
    ? undefined
    : {
        inbound: numberAttribute(childNamed(element, 'inbound'), 'average'),
        outbound: numberAttribute(childNamed(element, 'outbound'), 'average'),
      };

const networkInterface = (element: XmlElement): InterfaceDescription => {
  const source = childNamed(element, 'source');
  return {
    type: attribute(element, 'type') ?? 'network',
    mac: attribute(childNamed(element, 'mac'), 'address')?.toLowerCase(),
    network: attribute(source, 'network'),
    bridge: attribute(source, 'bridge'),
    model: attribute(childNamed(element, 'model'), 'type'),
    pci: pciAddress(childNamed(source, 'address')),
    targetDevice: attribute(childNamed(element, 'target'), 'dev'),
    ips: elements(element, 'ip').flatMap(ip),
    bandwidth: bandwidth(childNamed(element, 'bandwidth')),
  };
};

const graphics = (element: XmlElement): GraphicsDescription => {
  const listen = childNamed(element, 'listen');
  const port = numberAttribute(element, 'port');
  return {
    type: attribute(element, 'type') ?? 'vnc',
    port: port === undefined || port < 0 ? undefined : port,
    socket: attribute(element, 'socket') ?? attribute(listen, 'socket'),
    listen: attribute(element, 'listen') ?? attribute(listen, 'address'),
  };
};

const character = (kind: CharacterDescription['kind'], element: XmlElement): CharacterDescription => ({
  kind,
  type: attribute(element, 'type') ?? 'pty',
  path: attribute(childNamed(element, 'source'), 'path') ?? attribute(element, 'tty'),
  logFile: attribute(childNamed(element, 'log'), 'file'),
  name: attribute(childNamed(element, 'target'), 'name'),
  state: attribute(childNamed(element, 'target'), 'state'),
});

const hex = (text: string | undefined, digits: number): string | undefined =>
  text === undefined || !/^(0x)?[0-9a-f]+$/i.test(text)
    ? undefined
    : text.replace(/^0x/i, '').toLowerCase().padStart(digits, '0');

const pciAddress = (address: XmlElement | undefined): string | undefined => {
  const [domain, bus, slot, fn] = [
    hex(attribute(address, 'domain') ?? '0', 4),
    hex(attribute(address, 'bus'), 2),
    hex(attribute(address, 'slot'), 2),
    hex(attribute(address, 'function') ?? '0', 1),
  ];
  return bus === undefined || slot === undefined ? undefined : `${domain}:${bus}:${slot}.${fn}`;
};

const usbDevice = (source: XmlElement | undefined): UsbDescription => ({
  vendor: hex(attribute(childNamed(source, 'vendor'), 'id'), 4),
  product: hex(attribute(childNamed(source, 'product'), 'id'), 4),
  bus: numberAttribute(childNamed(source, 'address'), 'bus'),
  device: numberAttribute(childNamed(source, 'address'), 'device'),
});

const hostDevice = (element: XmlElement): HostDeviceDescription => {
  const type = attribute(element, 'type') ?? '';
  const source = childNamed(element, 'source');
  return {
    mode: attribute(element, 'mode') ?? 'subsystem',
    type,
    managed: attribute(element, 'managed') === 'yes',
    pci: type === 'pci' ? pciAddress(childNamed(source, 'address')) : undefined,
    usb: type === 'usb' ? usbDevice(source) : undefined,
    path: textOf(childNamed(source, 'char')) ?? textOf(childNamed(source, 'block')),
    netInterface: textOf(childNamed(source, 'interface')),
    mdev: type === 'mdev' ? attribute(childNamed(source, 'address'), 'uuid') : undefined,
  };
};

const tpm = (element: XmlElement | undefined): TpmDescription | undefined =>
  element === undefined
    ? undefined
    : {
        model: attribute(element, 'model'),
        backend: attribute(childNamed(element, 'backend'), 'type'),
        version: attribute(childNamed(element, 'backend'), 'version'),
      };

/** Reads `<devices>`. */
export const describeDevices = (devices: XmlElement | undefined): DeviceDescriptions => ({
  emulator: textOf(descend(devices, 'emulator')),
  disks: elements(devices, 'disk').map(disk),
  filesystems: elements(devices, 'filesystem').map(filesystem),
  interfaces: elements(devices, 'interface').map(networkInterface),
  graphics: elements(devices, 'graphics').map(graphics),
  consoles: (['console', 'serial', 'channel'] as const).flatMap((kind) =>
    elements(devices, kind).map((element) => character(kind, element)),
  ),
  hostdevs: elements(devices, 'hostdev').map(hostDevice),
  tpm: tpm(childNamed(devices, 'tpm')),
});
