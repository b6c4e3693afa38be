import type { GuestOrder, GuestPlan } from '@innkeeper/driver-contract';
import { buildXml, el } from '@innkeeper/libvirt';
import { formatSize, InnkeeperError, type Paths, uidRangeSize } from '@innkeeper/model';
import { containerProfileName, containerRootPath, type RootFile, volumeDirectoryPath } from '@innkeeper/storage';
import { limitMapping } from '../shared/bandwidth.ts';
import { seedOf } from '../shared/cloud-init.ts';
import { commonElements, type Definition } from '../shared/definition.ts';
import { directWarnings } from '../shared/direct.ts';
import { poolOfOrder, poolText } from '../shared/pools.ts';
import { cpuPeriod, sharesElement, sharesOf, tuningMapping } from '../shared/tuning.ts';
import { interfaceElement } from './interfaces.ts';

/**
 * A container's definition. The id map, the private network and the root of its own are not options:
 * a container that shares the host's root or network cannot be expressed.
 */
export const containerXml = (definition: Definition, paths: Paths): string => {
  const { claims, spec } = definition;
  const map = { start: 0, target: claims.uidStart, count: uidRangeSize };
  return buildXml(
    el(
      'domain',
      { type: 'lxc' },
      ...commonElements(definition),
      // Its own element besides <memory>: a running container's can be raised beyond what it was started with.
      el('memtune', {}, el('hard_limit', { unit: 'KiB' }, Math.floor(spec.memoryBytes / 1024))),
      el('vcpu', spec.cpuPinning === undefined ? {} : { cpuset: spec.cpuPinning }, spec.cpus),
      el(
        'cputune',
        {},
        ...sharesElement(definition.shares),
        el('period', {}, cpuPeriod),
        el('quota', {}, cpuPeriod * spec.cpus),
      ),
      el('os', {}, el('type', {}, 'exe'), el('init', {}, '/sbin/init')),
      el('idmap', {}, el('uid', map), el('gid', map)),
      el('features', {}, el('privnet')),
      el('on_poweroff', {}, 'destroy'),
      el('on_reboot', {}, 'restart'),
      el('on_crash', {}, 'destroy'),
      el(
        'devices',
        {},
        el(
          'filesystem',
          { type: 'mount' },
          el('source', { dir: containerRootPath(paths, definition.uuid) }),
          el('target', { dir: '/' }),
        ),
        ...spec.volumes.map(({ name, place }) =>
          el(
            'filesystem',
            { type: 'mount' },
            el('source', { dir: volumeDirectoryPath(paths, definition.uuid, name) }),
            el('target', { dir: place }),
          ),
        ),
        ...claims.networks.map((claim, at) => interfaceElement(claim, at, spec.networks[at])),
        el('console', { type: 'pty' }, el('target', { type: 'lxc', port: 0 })),
      ),
      ...(definition.confined === true
        ? [el('seclabel', { type: 'static', model: 'apparmor' }, el('label', {}, containerProfileName(paths)))]
        : []),
    ),
    { pretty: true },
  );
};

/** What a guest is told may be a secret: for its root alone. */
const seedFiles = (definition: Definition): Record<string, RootFile> =>
  Object.fromEntries(
    Object.entries(seedOf(definition) ?? {}).map(([file, content]) => [
      `var/lib/cloud/seed/nocloud/${file}`,
      { content, mode: 0o600 },
    ]),
  );

/** What its own name stands for in the guest. */
export const ownAddresses = ({ claims }: Definition): string[] => {
  const { address, address6 } = claims.networks[0] ?? {};
  return [address?.ip ?? '127.0.1.1', address6?.ip ?? []].flat();
};

/** Files of the guest that say who and where it is, and what it is to do at its first boot. */
export const guestFiles = (definition: Definition): Readonly<Record<string, RootFile>> => {
  const { name, claims } = definition;
  const gateway = claims.networks.find(({ address }) => address !== undefined)?.address?.gateway;
  const own = ownAddresses(definition);
  return {
    'etc/hostname': `${name}\n`,
    'etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${own.map((ip) => `${ip} ${name}\n`).join('')}`,
    ...(gateway === undefined ? {} : { 'etc/resolv.conf': `nameserver ${gateway}\n` }),
    ...seedFiles(definition),
  };
};

const unenforcedWarnings = ({ diskBytes, volumes }: GuestOrder['spec']): string[] => [
  `disk ${formatSize(diskBytes)} is not enforced here: an overlay directory has no quota`,
  ...volumes.map(
    ({ name, sizeBytes }) => `volume ${name}: ${formatSize(sizeBytes)} is not enforced here: a directory has no quota`,
  ),
];

export const planContainer = (order: GuestOrder): GuestPlan => {
  const { report, ...rest } = order;
  const limited = poolOfOrder(order)?.limits?.value === true;
  const confined = report.capabilities.confinement?.value === 'apparmor';
  const definition = { ...rest, shares: sharesOf(order.spec, report), ...(confined ? { confined } : {}) };
  const { spec } = order;
  if (spec.image.family !== 'linux') {
    throw new InnkeeperError(
      'unsupported',
      `lxc cannot run ${spec.image.name}: a container shares the host's Linux kernel`,
    );
  }
  if (spec.isolation === 'strong')
    throw new InnkeeperError('unsupported', 'lxc cannot give a kernel of its own (isolation: strong)');
  return {
    name: order.name,
    uuid: order.uuid,
    mapping: [
      `cpus ${spec.cpus}: cgroup quota of ${spec.cpus} × 100 ms in every 100 ms`,
      `memory ${formatSize(spec.memoryBytes)}: cgroup limit; what it does not use stays with the host`,
      ...tuningMapping(spec),
      ...limitMapping(spec.networks),
      ...(spec.cloudInit === undefined ? [] : ['first boot: cloud-init, told by files in its root (NoCloud)']),
      `root: an overlay over the shared image ${spec.image.name}${poolText(order)}`,
      ...(limited ? [`disk ${formatSize(spec.diskBytes)}: a quota of its pool, for what it has of its own`] : []),
      ...spec.volumes.map(
        ({ name, place }) =>
          `volume ${name}: a directory of the host, at ${place}${limited ? ', with a quota of its size' : ''}`,
      ),
      ...(confined ? ['confinement: the AppArmor profile of all containers'] : []),
      `ids: 0–65535 inside are ${order.claims.uidStart}–${order.claims.uidStart + uidRangeSize - 1} on the host`,
    ],
    warnings: [
      ...(limited ? [] : unenforcedWarnings(spec)),
      ...directWarnings(order.claims.networks),
      ...(spec.restart === 'on-failure'
        ? [
            "restart: on-failure sees few failures here: libvirt tells no failure of a container's init from a clean end",
          ]
        : []),
    ],
    definition,
  };
};
