import { attribute, childNamed, descend, elements, parseXml, textOf, type XmlElement } from '@innkeeper/libvirt';

/** What the model has a word for, or what every definition has. */
const said: ReadonlySet<string> = new Set([
  'name',
  'uuid',
  'metadata',
  'memory',
  'currentMemory',
  'vcpu',
  'devices',
  'on_poweroff',
  'on_reboot',
  'on_crash',
  // Of a running one: how it runs, not what it is.
  'resource',
  'seclabel',
]);

/** What libvirt adds to every definition by itself. */
const plain: ReadonlySet<string> = new Set([
  'emulator',
  'controller',
  'input',
  'memballoon',
  'audio',
  'watchdog',
  'hub',
]);

/** Attributes that say which one it is; all others are detail. */
const telling = ['model', 'type', 'dev', 'file', 'dir', 'bridge', 'network', 'path', 'name', 'uri', 'version', 'value'];

const hex = (text: string): string => text.replace(/^0x/i, '');

const addressOf = (element: XmlElement | undefined): string | undefined => {
  const [domain, bus, slot, fn] = ['domain', 'bus', 'slot', 'function'].map((name) => attribute(element, name));
  if (bus === undefined || slot === undefined || fn === undefined) return undefined;
  return `${hex(domain ?? '0000')}:${hex(bus)}:${hex(slot)}.${hex(fn)}`;
};

/** Its own attributes, then where it comes from and goes to. */
const wordsOf = (element: XmlElement): string[] => {
  const source = childNamed(element, 'source');
  const [vendor, product] = ['vendor', 'product'].map((name) => attribute(childNamed(source, name), 'id'));
  const from = [element, source, ...['target', 'model', 'backend'].map((name) => childNamed(element, name))];
  const words = from.flatMap((one) => telling.flatMap((name) => attribute(one, name) ?? []));
  const pci = addressOf(childNamed(source, 'address'));
  const usb = vendor === undefined || product === undefined ? undefined : `${hex(vendor)}:${hex(product)}`;
  return [...new Set([...words, ...[pci, usb, textOf(element)].flatMap((word) => word ?? [])])];
};

const phrase = (name: string, words: readonly string[]): string => [name, ...words].join(' ').slice(0, 160);

/** `<hyperv>` and its like are told by the names of what they hold. */
const names = (element: XmlElement): string[] => elements(element).map(({ name }) => name);

const childPhrase = (element: XmlElement): string => {
  const { name } = element;
  if (name === 'qemu:commandline')
    return phrase(
      name,
      elements(element).flatMap((one) => attribute(one, 'value') ?? attribute(one, 'name') ?? []),
    );
  if (name === 'idmap') return mapPhrase(element);
  if (name === 'os' || name === 'features') return phrase(name, names(element));
  return phrase(name, [...wordsOf(element), ...names(element)]);
};

/** An interface on a network is a field of the specification. */
const isSaid = (device: XmlElement): boolean =>
  plain.has(device.name) ||
  // Every machine and every container has one.
  ((device.name === 'console' || device.name === 'serial') && attribute(device, 'type') === 'pty') ||
  (device.name === 'interface' && attribute(childNamed(device, 'source'), 'network') !== undefined);

const counted = (phrases: readonly string[]): string[] =>
  [...new Set(phrases)].map((one) => {
    const count = phrases.filter((other) => other === one).length;
    return count === 1 ? one : `${one} (${count} times)`;
  });

/** Which ids inside are which outside: `idmap 0 1500000000 65536`. */
const mapPhrase = (element: XmlElement): string =>
  phrase(
    'idmap',
    ['start', 'target', 'count'].flatMap((name) => attribute(childNamed(element, 'uid'), name) ?? []),
  );

/** What `<os>` of any machine or container says. */
const usualOs = new Set(['type', 'boot', 'init', 'initarg']);

const isUsual = (element: XmlElement): boolean => {
  const inside = elements(element);
  if (element.name === 'os') return inside.every(({ name }) => usualOs.has(name));
  if (element.name === 'clock') return inside.length === 0 && attribute(element, 'offset') === 'utc';
  return said.has(element.name);
};

/**
 * What a definition says that a specification has no word for, as phrases: `tpm tpm-crb emulator 2.0`, `hostdev pci
 * 0000:01:00.0`, `qemu:commandline -fw_cfg …`, elements of another hypervisor. All of it stays as it is.
 */
export const beyondModel = (xml: string): string[] => {
  const { root } = parseXml(xml);
  const top = elements(root).filter((element) => !isUsual(element));
  const devices = elements(descend(root, 'devices')).filter((device) => !isSaid(device));
  return counted([...top.map(childPhrase), ...devices.map((device) => phrase(device.name, wordsOf(device)))]);
};
