import {
  claimedCapacity,
  type Db,
  listDevices,
  listGuests,
  listHosts,
  listWorkloads,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { type HostView, inScope, projectOf } from '@innkeeper/model';
import type { Control } from './control.ts';
import { devicesOn } from './devices.ts';
import { foreignUse } from './foreign.ts';
import { hostStateOf, imagesOf } from './snapshot.ts';
import { type Eyes, optional, time } from './views.ts';

export const hostViews = async (db: Db, installation: string): Promise<HostView[]> => {
  const [rows, guests, claimed, devices] = await Promise.all([
    listHosts(db),
    listGuests(db),
    claimedCapacity(db),
    listDevices(db),
  ]);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    address: row.address,
    state: hostStateOf(row),
    labels: row.labels,
    guestNames: row.guestNames,
    epoch: row.epoch,
    drivers: row.drivers,
    images: imagesOf(row),
    devices: devicesOn(devices, guests, row.name, installation),
    capacity: {
      cpus: row.cpusTotal,
      memoryBytes: row.memoryTotal,
      diskBytes: row.machine?.diskTotalBytes ?? 0,
      cpuRatio: row.cpuRatio,
      memoryRatio: row.memoryRatio,
      reserved: { cpus: row.cpusReserved, memoryBytes: row.memoryReserved },
      claimed: claimed.get(row.name) ?? { cpus: 0, memoryBytes: 0, diskBytes: 0 },
      foreign: foreignUse(guests, row.name, installation),
    },
    ...optional({
      reportedAt: time(row.reportedAt),
      machine: row.machine ?? undefined,
      maintenance: row.maintenance ?? undefined,
      silentSince: time(row.silentSince),
      confirmedDead:
        row.confirmedDeadAt === null
          ? undefined
          : { at: row.confirmedDeadAt.toISOString(), by: row.confirmedDeadBy ?? 'somebody' },
    }),
  }));
};

/** Devices of others are held by somebody, whose name is not told. */
const holdersFor = (scope: readonly string[], rows: readonly WorkloadRow[]) => {
  const seen = new Set(rows.filter(({ spec }) => inScope(scope, projectOf(spec))).map(({ name }) => name));
  return (holders: readonly string[]): string[] => [
    ...new Set(holders.map((name) => (seen.has(name) ? name : 'another project'))),
  ];
};

/** Hosts as somebody is shown them who may be bound to projects. */
export const hostViewsFor = async (control: Control, { scope }: Eyes): Promise<HostView[]> => {
  const { db } = control.inventory;
  const views = await hostViews(db, control.installation);
  if (scope === undefined) return views;
  const holdersOf = holdersFor(scope, await listWorkloads(db));
  return views.map((view) => ({
    ...view,
    devices: view.devices.map((device) => ({ ...device, holders: holdersOf(device.holders) })),
  }));
};
