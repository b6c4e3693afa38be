import type {
  Candidate,
  DriverReport,
  ErrorCode,
  GuestEnding,
  GuestNames,
  GuestObservation,
  MachineReport,
  PlacementRecord,
  Problem,
  Rule,
  WorkloadSpec,
} from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import { boolean, check, doublePrecision, index, integer, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { bytes, innkeeper, moment, packed } from './base.ts';

export const installation = innkeeper.table('installation', {
  id: uuid('id').primaryKey(),
  createdAt: moment('created_at').notNull().defaultNow(),
  /** The hosts know more than it: it was made anew, or restored from a dump. Nothing is taken back by itself until somebody has looked. */
  behind: boolean('behind').notNull().default(false),
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
    /** The process that follows it, one of those that share the inventory; whose lease has ended follows nothing. */
    watchedBy: uuid('watched_by'),
    /** Nothing new is placed on it; set by its operator, not by what it reports. */
    draining: boolean('draining').notNull().default(false),
    /** Why, as its operator said; null when nothing was said. */
    maintenance: text('maintenance'),
    /** Since when it does not answer; null while it does. */
    silentSince: moment('silent_since'),
    /** Grows each time that a host is said to be dead: what was started there before counts no more. */
    epoch: integer('epoch').notNull().default(1),
    /** When somebody said that it is dead, and who; null when nobody did. It is quarantined until somebody says that it is back. */
    confirmedDeadAt: moment('confirmed_dead_at'),
    confirmedDeadBy: text('confirmed_dead_by'),
    /** How the host itself finds guests by their names. */
    guestNames: text('guest_names').$type<GuestNames>().notNull().default('resolved'),
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

/** Where a workload is. */
export interface Place extends Candidate {
  /** What its backend calls its guest, where that is not the workload's name: of an adopted one. */
  readonly guestName?: string;
  /** The guest that its own was made from, which is kept until that is confirmed. */
  readonly convertedFrom?: { readonly driver: string; readonly uuid: string; readonly name: string };
}

/** What users want. `state` is the life of the record; what the guest does is observed. */
export const workloads = innkeeper.table('workloads', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull().unique(),
  spec: jsonb('spec').$type<WorkloadSpec>().notNull(),
  generation: integer('generation').notNull(),
  /** Generation that the host's guest was last brought to. */
  appliedGeneration: integer('applied_generation').notNull().default(0),
  state: text('state').$type<'pending' | 'creating' | 'ready' | 'failed' | 'removing'>().notNull(),
  placed: jsonb('placed').$type<Place>(),
  placementId: uuid('placement_id'),
  reason: text('reason'),
  error: jsonb('error').$type<Problem & { code: ErrorCode }>(),
  /** The boot of its host during which it was last made to run; another boot means that it has to be started again. */
  startedInBoot: text('started_in_boot'),
  /** When its guest was seen to have ended; null while it runs, and when it never did. */
  endedAt: moment('ended_at'),
  ending: jsonb('ending').$type<GuestEnding>(),
  /** How often it was started again because its guest had ended by itself. Grows only: it is the version of what follows. */
  restarts: integer('restarts').notNull().default(0),
  /** How many of these since it last ran for long; the back-off grows with it. */
  restartStreak: integer('restart_streak').notNull().default(0),
  nextRestartAt: moment('next_restart_at'),
  /** The reason for which it would have been removed, were it not protected: told once. */
  keptFrom: text('kept_from'),
  /** Since when its probe finds it ready; null while it does not. */
  readyAt: moment('ready_at'),
  /** What its probe found last; null when there was nothing to say. */
  readinessText: text('readiness_text'),
  /** Of which life of its guest both are: `startedAtMs` as it was observed. */
  probedLife: text('probed_life'),
  /** When it is probed next. */
  probeAt: moment('probe_at'),
  createdAt: moment('created_at').notNull().defaultNow(),
});

export const placements = innkeeper.table(
  'placements',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    workloadId: uuid('workload_id').notNull(),
    workloadName: text('workload_name').notNull(),
    /** Of the workload when it was decided. */
    project: text('project'),
    winner: jsonb('winner').$type<Candidate>(),
    reason: text('reason').notNull(),
    /** The whole record as older versions kept it; new ones are compressed, which is 30 times smaller and as much faster. */
    record: jsonb('record').$type<PlacementRecord>(),
    packedRecord: packed('packed_record'),
    /** What it was decided from, as compressed JSON: enough to decide it again. Missing in the oldest records. */
    input: packed('input'),
    decidedAt: moment('decided_at').notNull().defaultNow(),
  },
  (table) => [index('placements_by_workload').on(table.workloadId, table.decidedAt)],
);

/** When the newest reading of a host's guests that is kept was begun: an older one that comes later is not kept. */
export const readings = innkeeper.table(
  'readings',
  {
    host: text('host').notNull(),
    driver: text('driver').notNull(),
    begunAt: moment('begun_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.driver] })],
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
