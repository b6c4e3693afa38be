import {
  claimedCapacity,
  type Db,
  type GuestRow,
  type HeldDevice,
  type HeldPort,
  type HostRow,
  listDevices,
  listGuests,
  listHosts,
  listNetworks,
  listPorts,
  listRules,
  listWorkloads,
  type NetworkRow,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { completeSpec, type HostState, type Rule, type WorkloadSpec, withoutFirstBoot } from '@innkeeper/model';
import type { HostSnapshot, PlacedWorkload, PlacementRequest, Snapshot } from '@innkeeper/placement';
import { devicesOn } from './devices.ts';
import { foreignUse, isForeign } from './foreign.ts';
import { ownNetwork } from './networks.ts';
import { readinessOf } from './readiness/state.ts';

export const imagesOf = (host: HostRow): string[] => [...new Set(host.drivers.flatMap(({ images }) => images))].sort();

/** What its operator says goes before what it reports, unless it does not answer at all. */
export const hostStateOf = ({ state, draining, confirmedDeadAt }: HostRow): HostState => {
  if (state !== 'up') return state;
  if (confirmedDeadAt !== null) return 'quarantined';
  return draining ? 'draining' : state;
};

const foreignNames = (guests: readonly GuestRow[], host: string, installation: string): Record<string, string[]> => {
  const names: Record<string, string[]> = {};
  for (const guest of guests) {
    if (guest.host !== host || !isForeign(guest, installation)) continue;
    names[guest.driver] = [...(names[guest.driver] ?? []), guest.observation.name];
  }
  return names;
};

/** What the inventory knows that decisions depend on. */
export interface Known {
  readonly hosts: readonly HostRow[];
  readonly guests: readonly GuestRow[];
  readonly claimed: Awaited<ReturnType<typeof claimedCapacity>>;
  readonly workloads: readonly WorkloadRow[];
  readonly devices: readonly HeldDevice[];
  readonly ports: readonly HeldPort[];
  readonly networks: readonly NetworkRow[];
  readonly rules: readonly Rule[];
}

/** `without`: a workload whose own claims do not count, since it is the one to be placed. */
export const readKnown = async (db: Db, without?: string): Promise<Known> => {
  const [hosts, guests, claimed, workloads, devices, ports, networks, rules] = await Promise.all([
    listHosts(db),
    listGuests(db),
    claimedCapacity(db, without),
    listWorkloads(db),
    listDevices(db, without),
    listPorts(db, without),
    listNetworks(db),
    listRules(db),
  ]);
  return { hosts, guests, claimed, workloads, devices, ports, networks, rules: rules.map(({ rule }) => rule) };
};

/** Held by our workloads, and by programs of the host that listen on all of its addresses. */
const takenPorts = ({ name, machine }: HostRow, held: readonly HeldPort[]): NonNullable<HostSnapshot['ports']> => [
  ...held.flatMap(({ host, protocol, port, workload }) =>
    host === name ? [{ protocol, port, holder: workload }] : [],
  ),
  ...(machine?.listening ?? []).flatMap(({ protocol, port, address, program }) =>
    address === undefined ? [{ protocol, port, holder: program ?? 'a program of the host' }] : [],
  ),
];

const placedOf = (row: WorkloadRow, guests: readonly GuestRow[]): PlacedWorkload[] => {
  const { placed } = row;
  if (placed === null) return [];
  const spec = completeSpec(row.spec);
  const guest = guests.find(
    ({ uuid, host, driver }) => uuid === row.id && host === placed.host && driver === placed.driver,
  );
  return [
    {
      name: row.name,
      host: placed.host,
      driver: placed.driver,
      project: spec.project,
      labels: spec.labels,
      running: row.state === 'ready' && guest?.observation.state === 'running',
      ...(spec.readiness === undefined ? {} : { ready: readinessOf(row, guest)?.ready === true }),
    },
  ];
};

/** What is asked of a decision; `row`: of the workload that there is. */
export const requestOf = (name: string, spec: WorkloadSpec, row?: Pick<WorkloadRow, 'placed'>): PlacementRequest => ({
  name,
  // Decisions are kept with what they were made from.
  spec: completeSpec(withoutFirstBoot(spec)),
  current: row?.placed ?? undefined,
});

/** What a decision is made from. Hosts that have never reported cannot take anything. */
export const snapshotOf = (known: Known, installation: string, now = Date.now()): Snapshot => {
  const { hosts, guests, claimed, workloads, devices, ports, networks, rules } = known;
  return {
    rules,
    networks: networks.map((row) => ownNetwork(installation, row)),
    workloads: workloads.flatMap((row) => placedOf(row, guests)),
    hosts: hosts.flatMap((host): HostSnapshot[] =>
      host.machine === null
        ? []
        : [
            {
              name: host.name,
              state: hostStateOf(host),
              ...(host.maintenance === null ? {} : { maintenance: host.maintenance }),
              labels: host.labels,
              reportAgeMs: Math.max(0, now - (host.reportedAt?.getTime() ?? 0)),
              drivers: host.drivers,
              images: imagesOf(host),
              cpus: host.machine.cpus,
              memoryBytes: host.machine.memoryBytes,
              diskFreeBytes: host.machine.diskFreeBytes,
              cpuRatio: host.cpuRatio,
              memoryRatio: host.memoryRatio,
              reserved: { cpus: host.cpusReserved, memoryBytes: host.memoryReserved },
              claimed: claimed.get(host.name) ?? { cpus: 0, memoryBytes: 0 },
              foreign: foreignUse(guests, host.name, installation),
              foreignNames: foreignNames(guests, host.name, installation),
              devices: devicesOn(devices, guests, host.name, installation),
              ports: takenPorts(host, ports),
              ...(host.machine.bridges === undefined ? {} : { bridges: host.machine.bridges }),
              ...(host.machine.links === undefined ? {} : { links: host.machine.links }),
            },
          ],
    ),
  };
};
