import { findWorkload, listGuests, listHosts } from '@innkeeper/inventory';
import {
  completeSpec,
  InnkeeperError,
  type Manifest,
  type ManifestPlan,
  type PlacementRecord,
  specChanges,
  type WorkloadPlan,
  type WorkloadSpec,
} from '@innkeeper/model';
import { decide } from '@innkeeper/placement';
import { type Control, driverOf } from './control.ts';
import { problemOf } from './problem.ts';
import { readKnown, snapshotOf } from './snapshot.ts';

/** The same decision as a real placement, with nothing claimed and nothing stored. */
export const previewPlacement = async (
  control: Control,
  name: string,
  spec: WorkloadSpec,
): Promise<PlacementRecord> => {
  const row = await findWorkload(control.inventory.db, name);
  const known = await readKnown(control.inventory.db, row?.id);
  return decide(snapshotOf(known, control.installation), {
    name,
    spec: completeSpec(spec),
    current: row?.placed ?? undefined,
  });
};

/** Limits, devices and warnings as the chosen driver would express them; the ids and addresses are those of nobody. */
const previewMapping = async (
  control: Control,
  name: string,
  spec: WorkloadSpec,
  record: PlacementRecord,
): Promise<Pick<WorkloadPlan, 'mapping' | 'warnings'>> => {
  const { winner } = record;
  const host = (await listHosts(control.inventory.db)).find((one) => one.name === winner?.host);
  const report = host?.drivers.find(({ driver }) => driver === winner?.driver);
  if (winner === undefined || report === undefined) return { mapping: [], warnings: [] };
  const nobody = '00000000-0000-0000-0000-000000000000';
  const { mapping, warnings } = driverOf(control, winner.host, winner.driver).plan({
    name,
    uuid: nobody,
    spec: completeSpec(spec),
    stored: spec,
    ownership: { installation: control.installation, workloadId: nobody, generation: 0 },
    claims: { uidStart: 0x20000000, networks: [] },
    report,
  });
  return { mapping: mapping.filter((line) => !line.startsWith('ids:')), warnings: [...warnings] };
};

/** Throws `conflict` when a change cannot be made to a guest that exists. */
export const checkChange = (name: string, from: WorkloadSpec, to: WorkloadSpec): void => {
  const blocked = specChanges(from, to).filter(({ cost }) => cost === 'recreate');
  if (blocked.length === 0) return;
  const fields = blocked.map(({ field }) => field);
  throw new InnkeeperError(
    'conflict',
    `${name} exists, and ${fields.join(', ')} cannot be changed on a guest that exists`,
    {
      hint: `inn rm ${name}, then apply again; its disk goes with it`,
      complaints: blocked.map(({ field }) => ({
        path: `workloads.${name}.${field}`,
        message: 'changing it means making the guest again',
      })),
    },
  );
};

/** Throws `conflict` for a name that a guest of somebody else has on some host. */
const checkForeignName = async (control: Control, name: string): Promise<void> => {
  const taken = (await listGuests(control.inventory.db)).find(
    ({ observation }) => observation.name === name && observation.ownership?.installation !== control.installation,
  );
  if (taken === undefined) return;
  throw new InnkeeperError('conflict', `a guest called ${name} that Innkeeper did not create is on ${taken.host}`, {
    hint: 'choose another name; foreign guests are never touched',
    complaints: [{ path: `workloads.${name}`, message: 'the name is taken by a foreign guest' }],
  });
};

const unplaceable = (name: string, record: PlacementRecord): InnkeeperError =>
  new InnkeeperError('unplaceable', record.reason, {
    hint: `inn plan shows every candidate with every check for ${name}`,
  });

/** Everything that can be refused before anything is stored. Returns what is there already. */
export const checkWorkload = async (control: Control, name: string, spec: WorkloadSpec) => {
  const row = await findWorkload(control.inventory.db, name);
  const exists = row !== undefined && row.placed !== null;
  if (exists) checkChange(name, row.spec, spec);
  else await checkForeignName(control, name);
  const record = exists ? undefined : await previewPlacement(control, name, spec);
  if (record !== undefined && record.winner === undefined) throw unplaceable(name, record);
  return { row, record };
};

const planOne = async (control: Control, name: string, spec: WorkloadSpec): Promise<WorkloadPlan> => {
  const row = await findWorkload(control.inventory.db, name);
  const changes =
    row === undefined
      ? []
      : specChanges(row.spec, spec).map(({ field, from, to, cost }) => ({ field, from, to, cost }));
  const settled = row !== undefined && row.state === 'ready' && row.appliedGeneration === row.generation;
  const placement = await previewPlacement(control, name, spec);
  const base = { name, changes, placement, ...(await previewMapping(control, name, spec, placement)) };
  try {
    await checkWorkload(control, name, spec);
  } catch (error) {
    if (!(error instanceof InnkeeperError)) throw error;
    return { ...base, action: 'impossible', problem: problemOf(error) };
  }
  const nothing = settled && changes.length === 0;
  return { ...base, action: row === undefined || row.placed === null ? 'create' : nothing ? 'none' : 'change' };
};

/** What applying a manifest would do, changing nothing. */
export const planManifest = async (control: Control, manifest: Manifest): Promise<ManifestPlan> => {
  const workloads: WorkloadPlan[] = [];
  for (const [name, spec] of Object.entries(manifest.workloads)) workloads.push(await planOne(control, name, spec));
  return { workloads };
};
