import { type DeviceReport, type DeviceRequest, deviceMatches } from '@innkeeper/model';
import { and, eq, notInArray, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { deviceClaims, devices, workloads } from './schema.ts';

export type DeviceRow = typeof devices.$inferSelect;

/** Writes what a host reports; what it no longer reports is missing, and goes unless somebody holds it. */
export const recordDevices = async (db: Db, host: string, reports: readonly DeviceReport[]): Promise<void> => {
  const keys = reports.map(({ key }) => key);
  const gone = and(eq(devices.host, host), keys.length === 0 ? undefined : notInArray(devices.key, keys));
  await db.delete(devices).where(
    and(
      gone,
      sql`not exists (
    select 1 from innkeeper.device_claims c where c.host = ${devices.host} and c.key = ${devices.key})`,
    ),
  );
  await db.update(devices).set({ state: 'missing' }).where(gone);
  if (reports.length === 0) return;
  await db
    .insert(devices)
    .values(
      reports.map((report) => ({
        host,
        key: report.key,
        report,
        group: report.group ?? null,
        slots: report.slots,
        state: report.state,
      })),
    )
    .onConflictDoUpdate({
      target: [devices.host, devices.key],
      set: {
        report: sql`excluded.report`,
        group: sql`excluded.iommu_group`,
        slots: sql`excluded.slots`,
        state: sql`excluded.state`,
      },
    });
};

export interface HeldDevice extends DeviceRow {
  readonly holders: readonly { readonly workload: string; readonly position: number }[];
}

/** Every device with the names of those that hold it, `without` left out. */
export const listDevices = async (db: Db, without?: string): Promise<HeldDevice[]> => {
  const [rows, claims] = await Promise.all([
    db.select().from(devices),
    db
      .select({
        host: deviceClaims.host,
        key: deviceClaims.key,
        workloadId: deviceClaims.workloadId,
        workload: workloads.name,
        position: deviceClaims.position,
      })
      .from(deviceClaims)
      .innerJoin(workloads, eq(workloads.id, deviceClaims.workloadId)),
  ]);
  return rows.map((row) => ({
    ...row,
    holders: claims.filter((one) => one.host === row.host && one.key === row.key && one.workloadId !== without),
  }));
};

interface DeviceClaim {
  readonly workloadId: string;
  readonly host: string;
  readonly position: number;
  /** Keys that would do, in order of preference. */
  readonly keys: readonly string[];
}

/**
 * Takes the first device that is free, with all of its IOMMU group. Rows that another transaction is about to take are
 * passed over first and waited for only when nothing else is left: it may still be undone.
 *
 * A slot is chosen from what the statement saw when it began, so one that waited for the row may choose the slot of the
 * transaction it waited for. That is `lost`, not `none`: asked again, the statement sees what is left.
 */
const claimFirst = async (
  db: Db,
  claim: DeviceClaim,
  lock: 'skip locked' | 'wait',
): Promise<'taken' | 'lost' | 'none'> => {
  const keys = sql`array[${sql.join(
    claim.keys.map((key) => sql`${key}`),
    sql`, `,
  )}]::text[]`;
  const rows = await db.execute<{ wanted: number; taken: number }>(sql`
    with picked as (
      select d.key, d.iommu_group from innkeeper.devices d
      join unnest(${keys}) with ordinality as w(key, rank) on w.key = d.key
      where d.host = ${claim.host} and d.state = 'free'
        and (select count(*) from innkeeper.device_claims c where c.host = d.host and c.key = d.key) < d.slots
        and not exists (
          select 1 from innkeeper.devices m left join innkeeper.device_claims c on c.host = m.host and c.key = m.key
          where m.host = d.host and m.iommu_group = d.iommu_group
            and (m.state <> 'free' or c.workload_id <> ${claim.workloadId}))
      order by w.rank limit 1 for update of d ${lock === 'wait' ? sql`` : sql`skip locked`}
    ), members as (
      select m.key, m.slots from innkeeper.devices m, picked p
      where m.host = ${claim.host} and (m.key = p.key or m.iommu_group = p.iommu_group)
        and not exists (select 1 from innkeeper.device_claims c
          where c.host = m.host and c.key = m.key and c.workload_id = ${claim.workloadId} and m.key <> p.key)
    ), taken as (
      insert into innkeeper.device_claims (host, key, slot, workload_id, position)
      select ${claim.host}, m.key, (
        select min(s) from generate_series(0, m.slots - 1) s
        where not exists (select 1 from innkeeper.device_claims c where c.host = ${claim.host} and c.key = m.key and c.slot = s)
      ), ${claim.workloadId}, ${claim.position} from members m
      on conflict do nothing returning key
    )
    select (select count(*) from members)::int as wanted, (select count(*) from taken)::int as taken`);
  const { wanted, taken } = rows[0] ?? { wanted: 0, taken: 0 };
  if (wanted > 0 && taken === wanted) return 'taken';
  return wanted > 0 && taken === 0 ? 'lost' : 'none';
};

/** Each time a slot is lost, somebody else has won it: this ends when there is none left. */
const claimOne = async (db: Db, claim: DeviceClaim): Promise<boolean> => {
  for (const lock of ['skip locked', 'wait'] as const) {
    let outcome = await claimFirst(db, claim, lock);
    while (outcome === 'lost') outcome = await claimFirst(db, claim, lock);
    if (outcome === 'taken') return true;
  }
  return false;
};

/**
 * Claims a device for each request. False when one cannot be had: the transaction has to be given up then, since what
 * was taken before stays taken in it. `mayGive` leaves out what the inventory does not know to be taken.
 */
export const claimDevices = async (
  db: Db,
  claim: Pick<DeviceClaim, 'workloadId' | 'host'>,
  requests: readonly DeviceRequest[],
  mayGive: (device: DeviceReport, all: readonly DeviceReport[]) => boolean = () => true,
): Promise<boolean> => {
  if (requests.length === 0) return true;
  const rows = await db.select().from(devices).where(eq(devices.host, claim.host));
  const reports = rows.map(({ report }) => report);
  const given = reports.filter((report) => mayGive(report, reports));
  const wishes = requests.map((wanted, position) => ({
    position,
    keys: given.filter((report) => deviceMatches(report, wanted)).map(({ key }) => key),
  }));
  // Who has the fewest to choose from chooses first.
  for (const { position, keys } of wishes.sort((a, b) => a.keys.length - b.keys.length)) {
    if (keys.length === 0 || !(await claimOne(db, { ...claim, position, keys }))) return false;
  }
  return true;
};
