import {
  findPlacement,
  findWorkload,
  inputOf,
  latestRecord as latestRecordOf,
  listPlacements,
  listRules,
  type PlacementSummary,
  recordOf,
} from '@innkeeper/inventory';
import {
  type CapacityView,
  InnkeeperError,
  isAdopted,
  type MoveProposal,
  type PlacementRecord,
  type PlacementView,
  type ReplayView,
  type SavedPlacement,
  type WhatIf,
  type WhyNotView,
  type WorkloadSpec,
} from '@innkeeper/model';
import {
  capacityFor,
  imagine,
  type PlacementInput,
  proposeMoves,
  recordDifferences,
  replay,
  whyNotHost,
} from '@innkeeper/placement';
import type { Control } from './control.ts';
import { readKnown, requestOf, snapshotOf } from './snapshot.ts';

const savedOf = ({ id, workloadName, decidedAt, reason, winner }: PlacementSummary): SavedPlacement => ({
  id,
  workload: workloadName,
  decidedAt: decidedAt.toISOString(),
  reason,
  ...(winner === null ? {} : { winner }),
});

export const savedPlacements = async (
  control: Control,
  query: Parameters<typeof listPlacements>[1],
): Promise<SavedPlacement[]> => (await listPlacements(control.inventory.db, query)).map(savedOf);

const findOne = async (control: Control, id: string) => {
  const row = await findPlacement(control.inventory.db, id);
  if (row === undefined)
    throw new InnkeeperError('not_found', `There is no placement ${id}`, {
      hint: 'inn placement ls shows what there is',
    });
  return row;
};

export const placementViewOf = async (control: Control, id: string): Promise<PlacementView> => {
  const row = await findOne(control, id);
  return { ...savedOf(row), record: await recordOf(row), replayable: row.input !== null };
};

/** Decides again what was decided then, with the rules of then or with today's. */
export const replayPlacement = async (
  control: Control,
  id: string,
  rules: ReplayView['rules'],
): Promise<ReplayView> => {
  const row = await findOne(control, id);
  const input = await inputOf(row);
  if (input === undefined)
    throw new InnkeeperError('conflict', `What placement ${id} was decided from was not kept`, {
      hint: 'it was made by an older version',
    });
  const today = rules === 'current' ? (await listRules(control.inventory.db)).map(({ rule }) => rule) : undefined;
  const record = replay(input as PlacementInput, today);
  const differences = recordDifferences(await recordOf(row), record);
  return { id, rules, same: differences.length === 0, differences, record };
};

/** The decision as it was made. Throws `not_found` for what has never been decided. */
export const latestRecord = async (control: Control, name: string): Promise<PlacementRecord> => {
  const row = await findWorkload(control.inventory.db, name);
  if (row === undefined)
    throw new InnkeeperError('not_found', `There is no workload ${name.slice(0, 80)}`, {
      hint: 'inn ls shows what there is',
    });
  const record = await latestRecordOf(control.inventory.db, row.id);
  if (record === undefined && isAdopted(row.spec))
    throw new InnkeeperError('not_found', `${name} was there before Innkeeper: nobody chose its place`);
  if (record === undefined) throw new InnkeeperError('not_found', `${name} has not been placed yet`);
  return record;
};

export const whyNot = async (control: Control, name: string, host: string): Promise<WhyNotView> => {
  const record = await latestRecord(control, name);
  const view = whyNotHost(record, host);
  if (view !== undefined) return view;
  const known = [...new Set(record.candidates.map(({ candidate }) => candidate.host))].sort();
  throw new InnkeeperError('not_found', `${host.slice(0, 80)} was no candidate when ${name} was placed`, {
    hint: known.length === 0 ? 'there was no host' : `candidates then: ${known.join(', ')}`,
  });
};

/** How many more of this would fit now, or in a world that is different. */
export const capacityOf = async (control: Control, spec: WorkloadSpec, whatIf: WhatIf): Promise<CapacityView> => {
  const snapshot = imagine(snapshotOf(await readKnown(control.inventory.db), control.installation), whatIf);
  return capacityFor(snapshot, requestOf('one-more', spec));
};

/** Moves that would even the hosts out. */
export const rebalanceProposals = async (control: Control): Promise<MoveProposal[]> => {
  const known = await readKnown(control.inventory.db);
  const requests = known.workloads.flatMap((row) =>
    row.placed === null ? [] : [{ ...requestOf(row.name, row.spec), current: row.placed }],
  );
  return proposeMoves(snapshotOf(known, control.installation), requests);
};
