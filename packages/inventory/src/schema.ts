import type {
  Candidate,
  DeviceReport,
  DeviceState,
  DriverReport,
  ErrorCode,
  EventView,
  GuestObservation,
  MachineReport,
  OperationKind,
  OperationState,
  PlacementRecord,
  Problem,
  Role,
  Rule,
  StepState,
  WorkloadSpec,
} from '@innkeeper/model';
import { uidRangeSize } from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  check,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

/** A schema of its own, so that Innkeeper can share a database with others. */
export const innkeeper = pgSchema('innkeeper');

/** Nothing inside is ever asked for by SQL, and a large fleet's snapshot as jsonb would cost seconds. */
const packed = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const bytes = (name: string) => bigint(name, { mode: 'number' });

export const installation = innkeeper.table('installation', {
  id: uuid('id').primaryKey(),
  createdAt: moment('created_at').notNull().defaultNow(),
});

export const hosts = innkeeper.table(
  'hosts',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull().unique(),
    address: text('address').notNull(),
    state: text('state').$type<'up' | 'suspect' | 'unreachable' | 'draining'>().notNull().default('up'),
    machine: jsonb('machine').$type<MachineReport>(),
    drivers: jsonb('drivers').$type<DriverReport[]>().notNull().default([]),
    reportedAt: moment('reported_at'),
    cpuRatio: doublePrecision('cpu_ratio').notNull().default(8),
    memoryRatio: doublePrecision('memory_ratio').notNull().default(1.5),
    cpusTotal: integer('cpus_total').notNull().default(0),
    memoryTotal: bytes('memory_total').notNull().default(0),
    cpusClaimed: integer('cpus_claimed').notNull().default(0),
    memoryClaimed: bytes('memory_claimed').notNull().default(0),
    labels: jsonb('labels').$type<Record<string, string>>().notNull().default({}),
    /** Nothing new is placed on it; set by its operator, not by what it reports. */
    draining: boolean('draining').notNull().default(false),
    cpusReserved: doublePrecision('cpus_reserved').notNull().default(0),
    memoryReserved: bytes('memory_reserved').notNull().default(0),
    /** What may be claimed at most: never below what is claimed already, so that a host may shrink and oversells nothing. */
    cpusCeiling: doublePrecision('cpus_ceiling').notNull().default(0),
    memoryCeiling: bytes('memory_ceiling').notNull().default(0),
  },
  (table) => [
    check('hosts_not_negative', sql`${table.cpusClaimed} >= 0 and ${table.memoryClaimed} >= 0`),
    check(
      'hosts_not_oversold',
      sql`${table.cpusClaimed} <= ${table.cpusCeiling} and ${table.memoryClaimed} <= ${table.memoryCeiling}`,
    ),
  ],
);

/** What users want. `state` is the life of the record; what the guest does is observed. */
export const workloads = innkeeper.table('workloads', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull().unique(),
  spec: jsonb('spec').$type<WorkloadSpec>().notNull(),
  generation: integer('generation').notNull(),
  /** Generation that the host's guest was last brought to. */
  appliedGeneration: integer('applied_generation').notNull().default(0),
  state: text('state').$type<'pending' | 'creating' | 'ready' | 'failed' | 'removing'>().notNull(),
  placed: jsonb('placed').$type<Candidate>(),
  placementId: uuid('placement_id'),
  reason: text('reason'),
  error: jsonb('error').$type<Problem & { code: ErrorCode }>(),
  /** The boot of its host during which it was last made to run; another boot means that it has to be started again. */
  startedInBoot: text('started_in_boot'),
  createdAt: moment('created_at').notNull().defaultNow(),
});

export const placements = innkeeper.table(
  'placements',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    workloadId: uuid('workload_id').notNull(),
    workloadName: text('workload_name').notNull(),
    record: jsonb('record').$type<PlacementRecord>().notNull(),
    /** What it was decided from, as compressed JSON: enough to decide it again. Missing in the oldest records. */
    input: packed('input'),
    decidedAt: moment('decided_at').notNull().defaultNow(),
  },
  (table) => [index('placements_by_workload').on(table.workloadId, table.decidedAt)],
);

export const guests = innkeeper.table(
  'guests',
  {
    host: text('host').notNull(),
    driver: text('driver').notNull(),
    uuid: text('uuid').notNull(),
    observation: jsonb('observation').$type<GuestObservation>().notNull(),
    seenAt: moment('seen_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.host, table.driver, table.uuid] })],
);

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
  },
  (table) => [
    primaryKey({ columns: [table.workloadId, table.position] }),
    unique('network_claims_one_holder').on(table.host, table.network, table.address),
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

/** Each version of each rule; a version without a rule says that it was removed. */
export const rules = innkeeper.table(
  'rules',
  {
    id: text('id').notNull(),
    version: integer('version').notNull(),
    rule: jsonb('rule').$type<Rule>(),
    author: text('author').notNull(),
    at: moment('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.id, table.version] })],
);

export const workers = innkeeper.table('workers', {
  id: uuid('id').primaryKey(),
  machine: text('machine').notNull(),
  bootId: text('boot_id').notNull(),
  pid: integer('pid').notNull(),
  /** Names under which its queue runners lock jobs. */
  queueIds: text('queue_ids').array().notNull().default(sql`'{}'`),
  leaseUntil: moment('lease_until').notNull(),
});

export const operations = innkeeper.table(
  'operations',
  {
    id: uuid('id').primaryKey(),
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    kind: text('kind').$type<OperationKind>().notNull(),
    workloadId: uuid('workload_id').notNull(),
    workloadName: text('workload_name').notNull(),
    who: text('who').notNull(),
    state: text('state').$type<OperationState>().notNull(),
    /** What steps decided and later steps or an undo need: plain JSON. */
    memory: jsonb('memory').$type<Record<string, unknown>>().notNull().default({}),
    progress: text('progress'),
    error: jsonb('error').$type<Problem>(),
    cancelRequested: text('cancel_requested'),
    fence: integer('fence').notNull().default(0),
    workerId: uuid('worker_id'),
    idempotencyKey: text('idempotency_key').unique(),
    idempotencyHash: text('idempotency_hash'),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    uniqueIndex('operations_one_at_a_time').on(table.workloadId).where(sql`${table.state} in ('running', 'undoing')`),
    index('operations_unfinished').on(table.workloadId, table.seq).where(sql`${table.finishedAt} is null`),
    index('operations_newest').on(table.seq),
  ],
);

export const operationSteps = innkeeper.table(
  'operation_steps',
  {
    operationId: uuid('operation_id')
      .notNull()
      .references(() => operations.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
    name: text('name').notNull(),
    state: text('state').$type<StepState>().notNull(),
    text: text('text'),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.operationId, table.position] })],
);

export const events = innkeeper.table('events', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  at: moment('at').notNull().defaultNow(),
  kind: text('kind').notNull(),
  subjectKind: text('subject_kind').$type<EventView['subject']['kind']>().notNull(),
  subjectId: text('subject_id').notNull(),
  subjectName: text('subject_name').notNull(),
  text: text('text').notNull(),
});

export const tokens = innkeeper.table('tokens', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull().unique(),
  role: text('role').$type<Role>().notNull(),
  /** SHA-256 of a secret of 256 random bits: there is nothing to guess, so no slow hash is needed. */
  hash: text('hash').notNull().unique(),
  createdAt: moment('created_at').notNull().defaultNow(),
  lastUsedAt: moment('last_used_at'),
});
