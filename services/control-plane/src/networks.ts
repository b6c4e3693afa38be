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
  type NetworkRow,
  saveNetwork,
} from '@innkeeper/inventory';
import {
  completeSpec,
  freePrefix6,
  freeSubnet,
  gateway6Of,
  InnkeeperError,
  isLan,
  type NetworkReport,
  type NetworkSpec,
  overlaps,
  parseSubnet,
  prefix6Of,
  prefixLength6,
  sameJson,
} from '@innkeeper/model';
import type { OwnNetwork } from '@innkeeper/placement';
import { record, type Trail } from './access/trail.ts';
import { type Control, driverOf } from './control.ts';

/** The same on every host, so that a host says itself which networks are ours. [RFC 9562, version 8] */
export const networkUuid = (installation: string, name: string): string => {
  const hex = createHash('sha256').update(`${installation} network ${name}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** As decisions see it. */
export const ownNetwork = (installation: string, { name, spec }: NetworkRow): OwnNetwork => ({
  name,
  uuid: networkUuid(installation, name),
  ...(spec.project === undefined ? {} : { project: spec.project }),
  ...(spec.bridge === undefined ? {} : { bridge: spec.bridge }),
  ...(spec.link === undefined ? {} : { link: spec.link }),
});

/** As a host is to have it. */
export const hostNetwork = (installation: string, { name, spec }: NetworkRow): HostNetwork => ({
  name,
  uuid: networkUuid(installation, name),
  mode: spec.mode ?? 'nat',
  subnet: spec.subnet === undefined || isLan(spec.mode) ? undefined : parseSubnet(spec.subnet),
  ipv6: typeof spec.ipv6 === 'string' ? { gateway: gateway6Of(spec.ipv6), prefix: prefixLength6 } : undefined,
  bridge: spec.bridge,
  link: spec.link,
});

/** A network of a host as claims see it. */
export interface AvailableNetwork extends NetworkReport {
  /** Its addresses are those of a network that several hosts are on, and only fixed ones are given. */
  readonly lan?: string;
  /** The prefix of its guests' IPv6 addresses. */
  readonly prefix6?: string;
  /** Guest and host do not see each other by it. */
  readonly direct?: boolean;
}

/** With what is described, and a host does not say: IPv6, and all of the network that a bridge or a link leads to. */
const described = (report: NetworkReport, { spec }: NetworkRow): AvailableNetwork => ({
  ...report,
  ...(typeof spec.ipv6 === 'string' ? { prefix6: spec.ipv6 } : {}),
  ...(spec.mode === 'macvtap' ? { direct: true } : {}),
  ...(!isLan(spec.mode) || spec.subnet === undefined || spec.gateway === undefined
    ? {}
    : { lan: spec.subnet, gateway: spec.gateway, prefix: parseSubnet(spec.subnet).prefix }),
});

/** What a host will report of a network that it does not have yet. */
const reportOf = ({ name, spec }: NetworkRow): NetworkReport => {
  const subnet = spec.subnet === undefined || isLan(spec.mode) ? undefined : parseSubnet(spec.subnet);
  return {
    name,
    active: true,
    taken: [],
    ...(subnet === undefined ? {} : { gateway: subnet.gateway, prefix: subnet.prefix, range: subnet.range }),
  };
};

/** Networks of a host, with those that are made when they are needed. */
export const networksOf = (reported: readonly NetworkReport[], own: readonly NetworkRow[]): AvailableNetwork[] => [
  ...reported.map((one) => {
    const row = own.find(({ name }) => name === one.name);
    return row === undefined ? one : described({ ...one, active: true }, row);
  }),
  ...own.filter(({ name }) => reported.every((one) => one.name !== name)).map((row) => described(reportOf(row), row)),
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

export const subnetOf = ({ gateway, prefix }: NetworkReport): string | undefined =>
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

/** Projects of the workloads that use a network. */
const projectsOn = async (control: Control, users: readonly string[]): Promise<ReadonlySet<string>> =>
  new Set(
    (await listWorkloads(control.inventory.db))
      .filter(({ name }) => users.includes(name))
      .map(({ spec }) => completeSpec(spec).project),
  );

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

/** What a host does not say of one of ours, and a recovery leaves open: it may be said again. */
const unsaid = ({ project, subnet, gateway }: NetworkSpec, to: NetworkSpec): Partial<NetworkSpec> => ({
  ...(project === undefined ? { project: to.project } : {}),
  ...(subnet === undefined ? { subnet: to.subnet } : {}),
  ...(gateway === undefined ? { gateway: to.gateway } : {}),
});

const plain = (spec: NetworkSpec): NetworkSpec => ({ ...spec, mode: spec.mode ?? 'nat', description: undefined });

/** Only what people read, and what was left open, may change under the feet of guests. `projects`: of those who use it. */
const isMild = (from: NetworkSpec, to: NetworkSpec, projects: ReadonlySet<string>): boolean => {
  const staysUsable = to.project === from.project || [...projects].every((project) => project === to.project);
  return staysUsable && sameJson(plain({ ...from, ...unsaid(from, to) }), plain(to));
};

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

/** Throws `conflict` for one that another network has. */
const choosePrefix6 = (
  installation: string,
  name: string,
  { ipv6 }: NetworkSpec,
  own: readonly NetworkRow[],
): string | undefined => {
  if (ipv6 === undefined || ipv6 === false) return undefined;
  const others = own.filter((one) => one.name !== name);
  if (ipv6 === true)
    return freePrefix6(
      installation,
      others.map(({ spec }) => String(spec.ipv6)),
    );
  const other = others.find(({ spec }) => spec.ipv6 === ipv6);
  if (other === undefined) return ipv6;
  throw new InnkeeperError('conflict', `networks.${name}.ipv6: ${ipv6} is that of the network ${other.name}`);
};

/**
 * Saves what a network is; it is made on a host when the first workload there needs it. Answers false when it is so
 * already. Throws `conflict` for a subnet that overlaps with another, and for a change of one that is used.
 */
export const putNetwork = async (
  control: Control,
  name: string,
  asked: NetworkSpec,
  trail: Trail,
): Promise<boolean> => {
  const before = (await listNetworks(control.inventory.db)).find((one) => one.name === name);
  const mode = asked.mode ?? 'nat';
  const subnet = asked.subnet ?? (isLan(mode) ? undefined : before?.spec.subnet);
  const { ipv6: asked6, ...rest } = asked;
  const ipv6 =
    typeof asked6 === 'string' ? prefix6Of(asked6) : asked6 === true ? (before?.spec.ipv6 ?? true) : undefined;
  const wanted: NetworkSpec = {
    ...rest,
    ...(subnet === undefined ? {} : { subnet }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
  };
  if (before !== undefined && sameJson(before.spec, wanted)) return false;
  if (before !== undefined) {
    const users = await usersOf(control, name);
    if (!isMild(before.spec, wanted, await projectsOn(control, users))) {
      refuseUsed(`${name} cannot be changed`, users);
      await removeFromHosts(control, before);
    }
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
    const chosen = wanted.subnet ?? (isLan(mode) ? undefined : freeSubnet(taken.map((one) => one.subnet)));
    const other = taken.find((one) => chosen !== undefined && overlaps(one.subnet, chosen));
    if (other !== undefined)
      throw new InnkeeperError(
        'conflict',
        `networks.${name}.subnet: ${chosen ?? ''} overlaps with ${other.subnet}, ${other.by}`,
      );
    const chosen6 = choosePrefix6(control.installation, name, wanted, own);
    const spec = {
      ...wanted,
      ...(chosen === undefined ? {} : { subnet: chosen }),
      ...(chosen6 === undefined ? {} : { ipv6: chosen6 }),
    };
    await saveNetwork(tx, name, spec);
    await record(tx, trail, {
      resource: { kind: 'network', name },
      project: spec.project ?? null,
      before: own.find((one) => one.name === name)?.spec,
      after: spec,
    });
  });
  control.wakeWaiting();
  return true;
};

export const noSuchNetwork = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no network ${name.slice(0, 80)}`, {
    hint: 'inn network ls shows what there is',
  });

/** Throws `conflict` naming the workloads that use it, and for a network that is not ours. */
export const removeNetwork = async (control: Control, name: string, trail: Trail): Promise<void> => {
  const { db } = control.inventory;
  const row = (await listNetworks(db)).find((one) => one.name === name);
  if (row === undefined) {
    const there = (await listHosts(db)).find((host) => reportedOn(host).some((one) => one.name === name));
    if (there === undefined) throw noSuchNetwork(name);
    throw new InnkeeperError(
      'conflict',
      `Innkeeper did not make the network ${name} of ${there.name} and leaves it alone`,
    );
  }
  refuseUsed(`${name} cannot be removed`, await usersOf(control, name));
  await removeFromHosts(control, row);
  await control.inventory.transaction(async (tx) => {
    await deleteNetwork(tx, name);
    const project = row.spec.project ?? null;
    await record(tx, trail, { resource: { kind: 'network', name }, project, before: row.spec });
  });
};
