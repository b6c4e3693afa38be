import { createHash } from 'node:crypto';
import type { HostNetwork } from '@innkeeper/driver-contract';
import {
  deleteNetwork,
  type HostRow,
  listHosts,
  listLeases,
  listNetworks,
  listWorkloads,
  lockNetworks,
  type NetworkLease,
  type NetworkRow,
  saveNetwork,
  wakeWaiting,
} from '@innkeeper/inventory';
import {
  completeSpec,
  freeSubnet,
  InnkeeperError,
  type LeaseView,
  type NetworkReport,
  type NetworkSpec,
  type NetworkView,
  overlaps,
  parseSubnet,
  portText,
  sameJson,
} from '@innkeeper/model';
import type { OwnNetwork } from '@innkeeper/placement';
import { type Control, driverOf } from './control.ts';

/** The same on every host, so that a host says itself which networks are ours. [RFC 9562, version 8] */
const networkUuid = (installation: string, name: string): string => {
  const hex = createHash('sha256').update(`${installation} network ${name}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** As decisions see it. */
export const ownNetwork = (installation: string, { name, spec }: NetworkRow): OwnNetwork => ({
  name,
  uuid: networkUuid(installation, name),
  ...(spec.project === undefined ? {} : { project: spec.project }),
  ...(spec.bridge === undefined ? {} : { bridge: spec.bridge }),
});

/** As a host is to have it. */
export const hostNetwork = (installation: string, { name, spec }: NetworkRow): HostNetwork => ({
  name,
  uuid: networkUuid(installation, name),
  mode: spec.mode ?? 'nat',
  subnet: spec.subnet === undefined ? undefined : parseSubnet(spec.subnet),
  bridge: spec.bridge,
});

/** What a host will report of a network that it does not have yet. */
const reportOf = ({ name, spec }: NetworkRow): NetworkReport => {
  const subnet = spec.subnet === undefined ? undefined : parseSubnet(spec.subnet);
  return {
    name,
    active: true,
    taken: [],
    ...(subnet === undefined ? {} : { gateway: subnet.gateway, prefix: subnet.prefix, range: subnet.range }),
  };
};

/** Networks of a host, with those that are made when they are needed. */
export const networksOf = (reported: readonly NetworkReport[], own: readonly NetworkRow[]): NetworkReport[] => [
  ...reported.map((one) => (own.some(({ name }) => name === one.name) ? { ...one, active: true } : one)),
  ...own.filter(({ name }) => reported.every((one) => one.name !== name)).map(reportOf),
];

/** Each network of a host once, as the first driver tells it: both backends report those of the same libvirt. */
export const reportedOn = (host: Pick<HostRow, 'drivers'>): NetworkReport[] => [
  ...new Map(
    host.drivers
      .flatMap(({ networks }) => networks)
      .reverse()
      .map((one) => [one.name, one]),
  ).values(),
];

const subnetOf = ({ gateway, prefix }: NetworkReport): string | undefined =>
  gateway === undefined || prefix === undefined ? undefined : `${gateway}/${prefix}`;

interface Taken {
  readonly subnet: string;
  readonly by: string;
}

const takenSubnets = (name: string, own: readonly NetworkRow[], hosts: readonly HostRow[]): Taken[] => [
  ...own.flatMap((one) =>
    one.name === name || one.spec.subnet === undefined
      ? []
      : [{ subnet: one.spec.subnet, by: `the network ${one.name}` }],
  ),
  ...hosts.flatMap((host) =>
    reportedOn(host).flatMap((one) => {
      const subnet = subnetOf(one);
      if (subnet === undefined || one.name === name || own.some((other) => other.name === one.name)) return [];
      return [{ subnet, by: `the network ${one.name} of ${host.name}` }];
    }),
  ),
];

const usersOf = async (control: Control, name: string): Promise<string[]> => {
  const { db } = control.inventory;
  const [leases, workloads] = await Promise.all([listLeases(db), listWorkloads(db)]);
  const asking = workloads.filter(({ spec }) => completeSpec(spec).networks.some(({ network }) => network === name));
  const holding = leases.filter(({ network }) => network === name).map(({ workload }) => workload);
  return [...new Set([...asking.map((one) => one.name), ...holding])].sort();
};

const refuseUsed = (what: string, users: readonly string[]): void => {
  if (users.length === 0) return;
  const shown = users.length > 10 ? [...users.slice(0, 10), `${users.length - 10} more`] : users;
  throw new InnkeeperError('conflict', `${what}: it is used by ${shown.join(', ')}`, {
    hint: 'take it from them first, or make another network',
  });
};

/** Only what people read may change under the feet of guests. */
const isMild = (from: NetworkSpec, to: NetworkSpec): boolean =>
  sameJson({ ...from, description: undefined }, { ...to, description: undefined });

/** Takes a network from all hosts. Throws `unavailable` naming one that does not answer: it would keep it. */
const removeFromHosts = async (control: Control, row: NetworkRow): Promise<void> => {
  const { uuid, name } = hostNetwork(control.installation, row);
  for (const host of await listHosts(control.inventory.db)) {
    if (!reportedOn(host).some((one) => one.name === name && one.uuid === uuid)) continue;
    if (host.state !== 'up')
      throw new InnkeeperError('unavailable', `${host.name} has the network ${name} and does not answer`);
    const maker = host.drivers.find(({ capabilities }) => capabilities['network.define']?.value === true);
    if (maker !== undefined) await driverOf(control, host.name, maker.driver).removeNetwork?.({ name, uuid });
    await control.probe(host.name);
  }
};

/**
 * Saves what a network is; it is made on a host when the first workload there needs it. Answers false when it is so
 * already. Throws `conflict` for a subnet that overlaps with another, and for a change of one that is used.
 */
export const putNetwork = async (control: Control, name: string, asked: NetworkSpec): Promise<boolean> => {
  const before = (await listNetworks(control.inventory.db)).find((one) => one.name === name);
  const mode = asked.mode ?? 'nat';
  const subnet = asked.subnet ?? (mode === 'bridge' ? undefined : before?.spec.subnet);
  const wanted: NetworkSpec = { ...asked, ...(subnet === undefined ? {} : { subnet }) };
  if (before !== undefined && sameJson(before.spec, wanted)) return false;
  if (before !== undefined && !isMild(before.spec, wanted)) {
    refuseUsed(`${name} cannot be changed`, await usersOf(control, name));
    await removeFromHosts(control, before);
  }
  await control.inventory.transaction(async (tx) => {
    await lockNetworks(tx);
    const [own, hosts] = await Promise.all([listNetworks(tx), listHosts(tx)]);
    const foreign = hosts.find((host) =>
      reportedOn(host).some((one) => one.name === name && one.uuid !== networkUuid(control.installation, name)),
    );
    if (foreign !== undefined)
      throw new InnkeeperError('conflict', `${foreign.name} has a network ${name} that Innkeeper did not make`, {
        hint: 'it can be used as it is; choose another name for one of your own',
      });
    const taken = takenSubnets(name, own, hosts);
    const chosen = wanted.subnet ?? (mode === 'bridge' ? undefined : freeSubnet(taken.map((one) => one.subnet)));
    const other = taken.find((one) => chosen !== undefined && overlaps(one.subnet, chosen));
    if (other !== undefined)
      throw new InnkeeperError(
        'conflict',
        `networks.${name}.subnet: ${chosen ?? ''} overlaps with ${other.subnet}, ${other.by}`,
      );
    await saveNetwork(tx, name, chosen === undefined ? wanted : { ...wanted, subnet: chosen });
  });
  await wakeWaiting(control.inventory.db);
  return true;
};

const notFound = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no network ${name.slice(0, 80)}`, {
    hint: 'inn network ls shows what there is',
  });

/** Throws `conflict` naming the workloads that use it, and for a network that is not ours. */
export const removeNetwork = async (control: Control, name: string): Promise<void> => {
  const { db } = control.inventory;
  const row = (await listNetworks(db)).find((one) => one.name === name);
  if (row === undefined) {
    const there = (await listHosts(db)).find((host) => reportedOn(host).some((one) => one.name === name));
    if (there === undefined) throw notFound(name);
    throw new InnkeeperError(
      'conflict',
      `Innkeeper did not make the network ${name} of ${there.name} and leaves it alone`,
    );
  }
  refuseUsed(`${name} cannot be removed`, await usersOf(control, name));
  await removeFromHosts(control, row);
  await deleteNetwork(db, name);
};

const viewOf = (
  name: string,
  row: NetworkRow | undefined,
  hosts: readonly HostRow[],
  leases: readonly NetworkLease[],
): NetworkView => {
  const there = hosts.flatMap((host) =>
    reportedOn(host)
      .filter((one) => one.name === name)
      .map((report) => ({ host: host.name, report })),
  );
  const [first] = there;
  const { mode, subnet, bridge, project, description } = row?.spec ?? {};
  const seen = first === undefined ? undefined : subnetOf(first.report);
  const shown = { subnet: subnet ?? seen, bridge: bridge ?? first?.report.bridge, project, description };
  return {
    name,
    managed: row !== undefined,
    ...(row === undefined ? {} : { mode: mode ?? 'nat' }),
    ...Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)),
    hosts: there.map(({ host, report }) => ({ host, active: report.active })),
    workloads: [...new Set(leases.filter(({ network }) => network === name).map(({ workload }) => workload))].sort(),
  };
};

/** Ours, and those that hosts have without us. */
export const networkViews = async (control: Control): Promise<NetworkView[]> => {
  const { db } = control.inventory;
  const [own, hosts, leases] = await Promise.all([listNetworks(db), listHosts(db), listLeases(db)]);
  const names = new Set([...own.map(({ name }) => name), ...hosts.flatMap(reportedOn).map(({ name }) => name)]);
  return [...names].sort().map((name) =>
    viewOf(
      name,
      own.find((one) => one.name === name),
      hosts,
      leases,
    ),
  );
};

export const networkView = async (control: Control, name: string): Promise<NetworkView> => {
  const view = (await networkViews(control)).find((one) => one.name === name);
  if (view === undefined) throw notFound(name);
  return view;
};

/** Every interface on a network, by address. */
export const leaseViews = async (control: Control, name: string): Promise<LeaseView[]> => {
  await networkView(control, name);
  const leases = (await listLeases(control.inventory.db)).filter(({ network }) => network === name);
  return leases
    .map(({ host, mac, address, workload, ports }) => ({
      host,
      mac,
      workload,
      ...(address === null ? {} : { address }),
      ports: ports.map((port) => `${port.port}:${port.guestPort}/${portText(port).split('/')[1] ?? ''}`),
    }))
    .sort((a, b) => (a.address ?? a.mac).localeCompare(b.address ?? b.mac, 'en', { numeric: true }));
};
