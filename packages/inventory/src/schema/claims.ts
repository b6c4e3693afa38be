import type { DeviceReport, DeviceState } from '@innkeeper/model';
import { uidRangeSize } from '@innkeeper/model';
import { bigint, foreignKey, index, integer, jsonb, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { bytes, innkeeper } from './base.ts';
import { workloads } from './workloads.ts';

/** First host id of containers, and how many ranges there are up to the last id that the kernel knows (2^32 - 2). */
export const firstUid = 0x2000_0000;

const uidRanges = Math.floor((0xffff_fffe - firstUid) / uidRangeSize);

/**
 * Which range is next. Those who claim at once do not wait for each other as they would for the lowest free range,
 * and a range that was given back is not somebody else's at once.
 */
export const uidCursor = innkeeper.sequence('uid_cursor', {
  minValue: 0,
  maxValue: uidRanges - 1,
  startWith: 0,
  cycle: true,
});

/** Scope of addresses on a network that several hosts are on. No host has this name. */
export const everywhere = '*';

/** Claims live while the workload exists, not while it runs, and go with its row. */
export const capacityClaims = innkeeper.table('capacity_claims', {
  workloadId: uuid('workload_id')
    .primaryKey()
    .references(() => workloads.id, { onDelete: 'cascade' }),
  host: text('host').notNull(),
  cpus: integer('cpus').notNull(),
  memoryBytes: bytes('memory_bytes').notNull(),
  diskBytes: bytes('disk_bytes').notNull(),
});

export const uidClaims = innkeeper.table('uid_claims', {
  start: bigint('start', { mode: 'number' }).primaryKey(),
  workloadId: uuid('workload_id')
    .notNull()
    .unique()
    .references(() => workloads.id, { onDelete: 'cascade' }),
});

export const networkClaims = innkeeper.table(
  'network_claims',
  {
    workloadId: uuid('workload_id')
      .notNull()
      .references(() => workloads.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
    host: text('host').notNull(),
    network: text('network').notNull(),
    mac: text('mac').notNull().unique(),
    address: text('address'),
    address6: text('address6'),
    /** Within which an address is one holder's: a host, whose network it is, or everywhere, on a network that hosts share. */
    scope: text('scope').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workloadId, table.position] }),
    unique('network_claims_one_holder').on(table.scope, table.network, table.address),
    unique('network_claims_one_holder6').on(table.scope, table.network, table.address6),
  ],
);

/** Devices of hosts as they were reported last; one that is gone is kept as missing while somebody holds it. */
export const devices = innkeeper.table(
  'devices',
  {
    host: text('host').notNull(),
    key: text('key').notNull(),
    report: jsonb('report').$type<DeviceReport>().notNull(),
    group: text('iommu_group'),
    slots: integer('slots').notNull(),
    state: text('state').$type<DeviceState>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.key] })],
);

/** The device, and of a shared one the slot, is the primary key of its claim: nobody can hold it twice. */
export const deviceClaims = innkeeper.table(
  'device_claims',
  {
    host: text('host').notNull(),
    key: text('key').notNull(),
    slot: integer('slot').notNull(),
    workloadId: uuid('workload_id')
      .notNull()
      .references(() => workloads.id, { onDelete: 'cascade' }),
    /** Which of the workload's requests it answers. */
    position: integer('position').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.host, table.key, table.slot] }),
    index('device_claims_by_workload').on(table.workloadId),
    foreignKey({ columns: [table.host, table.key], foreignColumns: [devices.host, devices.key] }),
  ],
);

/** A port of a host is the primary key of its claim, and leads to the interface with this MAC. */
export const portClaims = innkeeper.table(
  'port_claims',
  {
    host: text('host').notNull(),
    protocol: text('protocol').$type<'tcp' | 'udp'>().notNull(),
    port: integer('port').notNull(),
    workloadId: uuid('workload_id')
      .notNull()
      .references(() => workloads.id, { onDelete: 'cascade' }),
    mac: text('mac').notNull(),
    guestPort: integer('guest_port').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.host, table.protocol, table.port] }),
    index('port_claims_by_workload').on(table.workloadId),
  ],
);
