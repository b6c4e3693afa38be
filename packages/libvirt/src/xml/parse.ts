import { type DeviceDescriptions, describeDevices } from './devices.ts';
import {
  attribute,
  bytesOf,
  childNamed,
  descend,
  elements,
  namespaceOf,
  namespacesIn,
  numberAttribute,
  textOf,
  wholeNumber,
} from './query.ts';
import { parseXml, writeNodes, type XmlElement } from './tree.ts';

/** One line of an id map: ids from `start` inside are ids from `target` on the host. */
export interface IdMapping {
  readonly start: number;
  readonly target: number;
  readonly count: number;
}

export interface OsDescription {
  /** `hvm` or `exe`. */
  readonly type: string;
  readonly arch: string | undefined;
  readonly machine: string | undefined;
  /** `efi` or `bios` as written, or guessed from a pflash loader. */
  readonly firmware: 'efi' | 'bios' | undefined;
  readonly secureBoot: boolean;
  readonly loader: string | undefined;
  readonly nvram: string | undefined;
  readonly init: string | undefined;
  readonly initArguments: readonly string[];
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly cmdline: string | undefined;
  readonly bootDevices: readonly string[];
}

export interface TuningDescription {
  /** Processors' worth of time in each period, such as 1.5. */
  readonly quotaCpus: number | undefined;
  readonly shares: number | undefined;
  /** Processors of the host, as written: of the whole guest, or of each virtual processor in order. */
  readonly pinning: readonly string[];
}

/** What a definition says, whoever wrote it. What it does not say is undefined or an empty list. */
export interface DomainDescription extends DeviceDescriptions {
  /** `kvm`, `qemu`, `lxc`, … */
  readonly type: string;
  readonly name: string;
  readonly uuid: string | undefined;
  /** The number of a running domain. */
  readonly id: number | undefined;
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** What the guest may use now; `maxMemoryBytes` is what it could be given without a restart. */
  readonly memoryBytes: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  /** What the kernel refuses to go beyond, of containers. */
  readonly hardLimitBytes: number | undefined;
  readonly vcpus: number;
  readonly maxVcpus: number;
  readonly tuning: TuningDescription;
  readonly os: OsDescription;
  /** Undefined: the guest's root is the host's root. */
  readonly idmap: { readonly uid: readonly IdMapping[]; readonly gid: readonly IdMapping[] } | undefined;
  readonly onReboot: string | undefined;
  readonly onPoweroff: string | undefined;
  readonly onCrash: string | undefined;
  /** Each child of `<metadata>` as a document of its own, by the URI of its namespace. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The libosinfo id that virt-manager and others leave, such as `http://debian.org/debian/12`. */
  readonly osInfo: string | undefined;
}

const libosinfo = 'http://libosinfo.org/xmlns/libvirt/domain/1.0';

const mappings = (idmap: XmlElement, name: string): IdMapping[] =>
  elements(idmap, name).flatMap((element) => {
    const [start, target, count] = ['start', 'target', 'count'].map((key) => numberAttribute(element, key));
    return start === undefined || target === undefined || count === undefined ? [] : [{ start, target, count }];
  });

const firmwareOf = (os: XmlElement | undefined): OsDescription['firmware'] => {
  const written = attribute(os, 'firmware');
  if (written === 'efi' || written === 'bios') return written;
  return attribute(childNamed(os, 'loader'), 'type') === 'pflash' ? 'efi' : undefined;
};

const secureBoot = (os: XmlElement | undefined): boolean => {
  const features = elements(childNamed(os, 'firmware'), 'feature');
  const wanted = features.find((feature) => attribute(feature, 'name') === 'secure-boot');
  return (attribute(wanted, 'enabled') ?? attribute(childNamed(os, 'loader'), 'secure')) === 'yes';
};

const describeOs = (os: XmlElement | undefined): OsDescription => {
  const type = childNamed(os, 'type');
  const text = (name: string): string | undefined => textOf(childNamed(os, name));
  return {
    type: textOf(type) ?? 'hvm',
    arch: attribute(type, 'arch'),
    machine: attribute(type, 'machine'),
    firmware: firmwareOf(os),
    secureBoot: secureBoot(os),
    loader: text('loader'),
    nvram: text('nvram'),
    init: text('init'),
    initArguments: elements(os, 'initarg').map((element) => textOf(element) ?? ''),
    kernel: text('kernel'),
    initrd: text('initrd'),
    cmdline: text('cmdline'),
    bootDevices: elements(os, 'boot').flatMap((element) => attribute(element, 'dev') ?? []),
  };
};

/** An element that was read inside a document, with the declaration of its own prefix if that stood outside. */
const standalone = (element: XmlElement, uri: string): string => {
  const [prefix] = element.name.includes(':') ? element.name.split(':') : [''];
  const declaration = prefix === '' || prefix === undefined ? 'xmlns' : `xmlns:${prefix}`;
  const declared = Object.hasOwn(element.attributes, declaration);
  return writeNodes([declared ? element : { ...element, attributes: { ...element.attributes, [declaration]: uri } }]);
};

const describeMetadata = (root: XmlElement): Map<string, string> => {
  const metadata = childNamed(root, 'metadata');
  const outside = metadata === undefined ? {} : namespacesIn(metadata, namespacesIn(root));
  const found = new Map<string, string>();
  for (const element of elements(metadata)) {
    const uri = namespaceOf(element, outside);
    if (uri !== undefined) found.set(uri, standalone(element, uri));
  }
  return found;
};

const osInfoOf = (root: XmlElement): string | undefined => {
  const outside = namespacesIn(root);
  const info = elements(childNamed(root, 'metadata')).find((element) => namespaceOf(element, outside) === libosinfo);
  return attribute(
    elements(info).find((element) => element.name.endsWith('os')),
    'id',
  );
};

const describeTuning = (root: XmlElement): TuningDescription => {
  const tune = childNamed(root, 'cputune');
  const number = (name: string): number | undefined => wholeNumber(textOf(childNamed(tune, name)));
  const [quota, period] = [number('quota'), number('period')];
  const whole = attribute(childNamed(root, 'vcpu'), 'cpuset');
  const pins = elements(tune, 'vcpupin')
    .sort((a, b) => (numberAttribute(a, 'vcpu') ?? 0) - (numberAttribute(b, 'vcpu') ?? 0))
    .flatMap((pin) => attribute(pin, 'cpuset') ?? []);
  return {
    quotaCpus: quota === undefined || quota <= 0 || period === undefined ? undefined : quota / period,
    shares: number('shares'),
    pinning: whole === undefined ? pins : [whole],
  };
};

/** Reads a domain's definition of any provenance. Throws `invalid` only when it is no XML. */
export const describeDomain = (xml: string): DomainDescription => {
  const { root } = parseXml(xml);
  const text = (name: string): string | undefined => textOf(childNamed(root, name));
  const maxMemoryBytes = bytesOf(childNamed(root, 'memory'));
  const maxVcpus = wholeNumber(text('vcpu')) ?? 1;
  const idmap = childNamed(root, 'idmap');
  return {
    type: attribute(root, 'type') ?? 'unknown',
    name: text('name') ?? '',
    uuid: text('uuid'),
    id: numberAttribute(root, 'id'),
    title: text('title'),
    description: text('description'),
    memoryBytes: bytesOf(childNamed(root, 'currentMemory')) ?? maxMemoryBytes,
    maxMemoryBytes,
    hardLimitBytes: bytesOf(descend(root, 'memtune', 'hard_limit')),
    tuning: describeTuning(root),
    vcpus: numberAttribute(childNamed(root, 'vcpu'), 'current') ?? maxVcpus,
    maxVcpus,
    os: describeOs(childNamed(root, 'os')),
    idmap: idmap === undefined ? undefined : { uid: mappings(idmap, 'uid'), gid: mappings(idmap, 'gid') },
    onReboot: text('on_reboot'),
    onPoweroff: text('on_poweroff'),
    onCrash: text('on_crash'),
    metadata: describeMetadata(root),
    osInfo: osInfoOf(root),
    ...describeDevices(descend(root, 'devices')),
  };
};
