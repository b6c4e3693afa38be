import {
  type HostRow,
  listHosts,
  listLeases,
  listNetworks,
  type NetworkLease,
  type NetworkRow,
} from '@innkeeper/inventory';
import { inScope, type LeaseView, type NetworkView, portText, type Scope } from '@innkeeper/model';
import type { Control } from './control.ts';
import { noSuchNetwork, reportedOn, subnetOf } from './networks.ts';

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
  const { mode, subnet, ipv6, gateway, bridge, link, project, description } = row?.spec ?? {};
  const seen = first === undefined ? undefined : subnetOf(first.report);
  const shown = {
    subnet: subnet ?? seen,
    ipv6,
    gateway,
    bridge: bridge ?? first?.report.bridge,
    link,
    project,
    description,
  };
  return {
    name,
    managed: row !== undefined,
    ...(row === undefined ? {} : { mode: mode ?? 'nat' }),
    ...Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)),
    hosts: there.map(({ host, report }) => ({ host, active: report.active })),
    workloads: [...new Set(leases.filter(({ network }) => network === name).map(({ workload }) => workload))].sort(),
  };
};

const leasesIn = async (control: Control, scope: Scope): Promise<NetworkLease[]> =>
  (await listLeases(control.inventory.db)).filter(({ project }) => inScope(scope, project));

/** Ours, and those that hosts have without us: of these projects and of none, with their workloads of these projects. */
export const networkViews = async (control: Control, scope?: Scope): Promise<NetworkView[]> => {
  const { db } = control.inventory;
  const [own, hosts, leases] = await Promise.all([listNetworks(db), listHosts(db), leasesIn(control, scope)]);
  const names = new Set([...own.map(({ name }) => name), ...hosts.flatMap(reportedOn).map(({ name }) => name)]);
  return [...names]
    .sort()
    .map((name) =>
      viewOf(
        name,
        own.find((one) => one.name === name),
        hosts,
        leases,
      ),
    )
    .filter(({ project }) => project === undefined || inScope(scope, project));
};

export const networkView = async (control: Control, name: string, scope?: Scope): Promise<NetworkView> => {
  const view = (await networkViews(control, scope)).find((one) => one.name === name);
  if (view === undefined) throw noSuchNetwork(name);
  return view;
};

/** Every interface on a network, by address. */
export const leaseViews = async (control: Control, name: string, scope?: Scope): Promise<LeaseView[]> => {
  await networkView(control, name, scope);
  const leases = (await leasesIn(control, scope)).filter(({ network }) => network === name);
  return leases
    .map(({ host, mac, address, address6, workload, ports }) => ({
      host,
      mac,
      workload,
      ...(address === null ? {} : { address }),
      ...(address6 === null ? {} : { address6 }),
      ports: ports.map((port) => `${port.port}:${port.guestPort}/${portText(port).split('/')[1] ?? ''}`),
    }))
    .sort((a, b) => (a.address ?? a.mac).localeCompare(b.address ?? b.mac, 'en', { numeric: true }));
};
