import { z } from 'zod';
import { deviceReport } from './devices.ts';
import { nameField } from './names.ts';
import { networkSpec } from './network.ts';
import { candidate, placementRecord } from './placement.ts';
import { rule } from './rule.ts';
import { sizeField } from './units.ts';
import { workloadSpec } from './workload/index.ts';

/** A host that is not there (yet), for `inn plan --with-host`. */
export const hostDescription = z
  .strictObject({
    name: nameField,
    cpus: z.int().min(1).max(4096),
    memory: sizeField('16MiB', '64TiB', 'memory'),
    disk: sizeField('64MiB', '4096TiB', 'disk'),
    labels: z.record(z.string(), z.string()).optional(),
    drivers: z
      .array(z.enum(['lxc', 'kvm']))
      .min(1)
      .optional(),
    images: z.array(z.string()).optional(),
    devices: z.array(deviceReport.partial({ state: true, slots: true })).optional(),
    cpuRatio: z.number().min(0.1).max(64).optional(),
    memoryRatio: z.number().min(0.1).max(8).optional(),
  })
  .meta({ id: 'HostDescription' });
export type HostDescription = z.output<typeof hostDescription>;

/** How the world would be different. */
export const whatIf = z
  .strictObject({
    withoutHosts: z.array(z.string()).max(1000).optional(),
    withHosts: z.array(hostDescription).max(1000).optional(),
  })
  .meta({ id: 'WhatIf' });
export type WhatIf = z.output<typeof whatIf>;

/** Without workloads: those that there are. */
export const planRequest = whatIf
  .extend({
    workloads: z.record(z.string(), workloadSpec).optional(),
    networks: z.record(z.string(), networkSpec).optional(),
    rules: z.array(rule).optional(),
  })
  .meta({ id: 'PlanRequest' });

export const capacityRequest = whatIf.extend({ spec: workloadSpec }).meta({ id: 'CapacityRequest' });

/** How many more of one specification would fit. */
export const capacityView = z
  .object({
    count: z.int(),
    /** True when counting stopped at a limit and not because nothing more fits. */
    more: z.boolean(),
    hosts: z.array(
      z.object({
        host: z.string(),
        count: z.int(),
        /** What stops the next one there. */
        stop: z.string(),
      }),
    ),
    /** What stops the next one everywhere. */
    stop: z.string(),
  })
  .meta({ id: 'Capacity' });
export type CapacityView = z.output<typeof capacityView>;

/** A proposal to even hosts out; never carried out by itself. */
export const moveProposal = z
  .object({
    workload: z.string(),
    from: candidate,
    to: candidate,
    /** How uneven hosts are before and after: standard deviation of the share of memory that is promised, 0 … 1. */
    before: z.number(),
    after: z.number(),
    text: z.string(),
    record: placementRecord,
  })
  .meta({ id: 'MoveProposal' });
export type MoveProposal = z.output<typeof moveProposal>;

export const savedPlacement = z
  .object({
    id: z.string(),
    workload: z.string(),
    decidedAt: z.iso.datetime(),
    winner: candidate.optional(),
    reason: z.string(),
  })
  .meta({ id: 'SavedPlacement' });
export type SavedPlacement = z.output<typeof savedPlacement>;

export const placementView = savedPlacement
  .extend({ record: placementRecord, replayable: z.boolean() })
  .meta({ id: 'PlacementView' });
export type PlacementView = z.output<typeof placementView>;

/** A stored decision made again. */
export const replayView = z
  .object({
    id: z.string(),
    rules: z.enum(['recorded', 'current']),
    same: z.boolean(),
    /** In what the two records differ, when they do. */
    differences: z.array(z.string()),
    record: placementRecord,
  })
  .meta({ id: 'Replay' });
export type ReplayView = z.output<typeof replayView>;
