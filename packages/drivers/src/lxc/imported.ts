import type { GuestRef, IdMap, ImportGroup, PortableContainer, PortableInterface } from '@innkeeper/driver-contract';
import { buildXml, el, type Libvirt, type XmlElement } from '@innkeeper/libvirt';
import { InnkeeperError, type Ownership } from '@innkeeper/model';
import { requireOurs, stateOf, undefineGuest } from '../shared/lifecycle.ts';
import { metadataElement } from '../shared/metadata.ts';
import type { Observer } from '../shared/observer.ts';
import { cpuPeriod } from '../shared/tuning.ts';

const mapElements = (name: 'uid' | 'gid', maps: readonly IdMap[]): XmlElement[] =>
  maps.map(({ start, target, count }) => el(name, { start, target, count }));

const addressElement = (text: string): XmlElement => {
  const [address = '', prefix = '24'] = text.split('/');
  return el('ip', { family: address.includes(':') ? 'ipv6' : 'ipv4', address, prefix });
};

const interfaceElement = (
  { mac, network, bridge, addresses, gateway }: PortableInterface,
  position: number,
): XmlElement =>
  el(
    'interface',
    { type: network === undefined ? 'bridge' : 'network' },
    el('mac', { address: mac }),
    network === undefined ? el('source', { bridge }) : el('source', { network }),
    ...addresses.map(addressElement),
    gateway !== undefined && el('route', { family: 'ipv4', address: '0.0.0.0', prefix: 0, gateway }),
    el('guest', { dev: `eth${position}` }),
  );

/** The definition of a container that came from elsewhere: ids, network and mounts as they were there. */
export const importedXml = (container: PortableContainer, uuid: string, ownership: Ownership): string => {
  const { name, root, init, cpus, memoryBytes, ids, interfaces, mounts } = container;
  if (memoryBytes === undefined)
    throw new InnkeeperError('unsupported', `${name} has no limit of memory, and libvirt needs one`);
  const kib = Math.floor(memoryBytes / 1024);
  const [program = '/sbin/init', ...words] = init;
  return buildXml(
    el(
      'domain',
      { type: 'lxc' },
      el('name', {}, name),
      el('uuid', {}, uuid),
      el('metadata', {}, metadataElement(ownership)),
      el('memory', { unit: 'KiB' }, kib),
      el('currentMemory', { unit: 'KiB' }, kib),
      el('vcpu', {}, cpus ?? 1),
      cpus !== undefined && el('cputune', {}, el('period', {}, cpuPeriod), el('quota', {}, cpuPeriod * cpus)),
      el('os', {}, el('type', {}, 'exe'), el('init', {}, program), ...words.map((word) => el('initarg', {}, word))),
      ids.uid.length > 0 && el('idmap', {}, ...mapElements('uid', ids.uid), ...mapElements('gid', ids.gid)),
      el('features', {}, el('privnet')),
      el(
        'devices',
        {},
        el('filesystem', { type: 'mount' }, el('source', { dir: root }), el('target', { dir: '/' })),
        ...mounts.map(({ source, target, readonly }) =>
          el(
            'filesystem',
            { type: 'mount' },
            el('source', { dir: source }),
            el('target', { dir: target }),
            readonly && el('readonly'),
          ),
        ),
        ...interfaces.map(interfaceElement),
        el('console', { type: 'pty' }, el('target', { type: 'lxc', port: 0 })),
      ),
    ),
    { pretty: true },
  );
};

/** Containers that were another driver's, on the directories that they stand on. */
export const importing = (libvirt: Libvirt, guests: Observer): ImportGroup => ({
  importContainer: async (container, uuid, ownership) => {
    const other = (await libvirt.domains()).find(({ name }) => name === container.name);
    if (other !== undefined && other.uuid !== uuid)
      throw new InnkeeperError('conflict', `libvirt has another container called ${container.name}`);
    const owned = { ...ownership, adopted: { tookAutostart: false } };
    await libvirt.define(importedXml(container, uuid, owned), { validate: false });
  },
  forgetImported: async (guest: GuestRef) => {
    await requireOurs(guests, guest);
    const state = await stateOf(libvirt, guest.uuid);
    if (state !== undefined && state !== 'stopped')
      throw new InnkeeperError('conflict', `${guest.name} runs`, { hint: `inn stop ${guest.name}` });
    await undefineGuest(libvirt, guest.uuid, {});
  },
});
