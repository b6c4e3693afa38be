import { randomUUID } from 'node:crypto';
import {
  allOf,
  cancelWaiting,
  findStanding,
  insertWorkload,
  listWorkloads,
  lockWithUnfinished,
  lockWorkload,
  type OperationRow,
  updateSpec,
  updateWorkload,
  type WorkloadRow,
} from '@innkeeper/inventory';
import {
  completeSpec,
  InnkeeperError,
  isAdopted,
  type PowerAction,
  projectOf,
  sameSpec,
  type WorkloadAction,
  type WorkloadSpec,
  whyNot,
} from '@innkeeper/model';
import { requireInScope } from './access/allow.ts';
import { type Asker, begin, hashOf, notFound, pendingOf, repeated } from './asker.ts';
import { checkNewName, checkWorkload } from './check.ts';
import type { Control } from './control.ts';
import { stateOf, workloadViews } from './views.ts';

/**
 * Stores what is wanted and the operation that brings it about, in one transaction; touches no host.
 * Undefined when that is what there is already.
 */
export const putWorkload = async (
  control: Control,
  name: string,
  spec: WorkloadSpec,
  asker: Asker,
): Promise<OperationRow | undefined> => {
  const hash = hashOf('apply', name, spec);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  await checkWorkload(control, name, spec);
  return control.inventory.transaction(async (tx) => {
    const { row, unfinished } = await lockWithUnfinished(tx, name);
    if (row?.state === 'removing')
      throw new InnkeeperError('busy', `${name} is being removed`, { hint: 'apply again when it is gone' });
    if (row !== undefined) requireInScope(asker.scope, name, projectOf(row.spec));
    const id = row?.id ?? randomUUID();
    if (row === undefined) await insertWorkload(tx, { id, name, spec });
    else {
      const pending = unfinished.find(({ kind }) => kind === 'apply');
      const same = sameSpec(row.spec, spec);
      if (same && pending !== undefined) return pending;
      if (same && row.state === 'ready' && row.appliedGeneration === row.generation) return undefined;
      await updateSpec(tx, id, spec);
      if (row.placed === null) await updateWorkload(tx, id, { state: 'pending', error: null });
    }
    return begin(tx, 'apply', { id, name }, asker, hash, {
      ...(row === undefined ? {} : { before: row.spec }),
      after: spec,
    });
  });
};

const powerAfter = {
  start: 'running',
  restart: 'running',
  resume: 'running',
  stop: 'stopped',
  pause: 'paused',
} as const;

/** What an act changes of what is wanted, for the audit log. */
const actsOn = (kind: PowerAction | 'remove', spec: WorkloadSpec) =>
  kind === 'remove'
    ? { before: spec }
    : { before: { power: spec.power ?? 'running' }, after: { power: powerAfter[kind] } };

/** Why nothing is done with what is no workload. */
const notOurs = async (control: Control, name: string): Promise<InnkeeperError> => {
  const [view] = await workloadViews(control, { stats: false, names: [name] });
  if (view === undefined) return notFound(name);
  return new InnkeeperError(
    'conflict',
    `${name} is a guest that Innkeeper did not create: it is shown, never touched`,
    { hint: `inn adopt ${name}, or its own tools on ${view.host ?? 'its host'}` },
  );
};

/** The workload, when it is ours and in a state that allows this. */
export const actionable = async (control: Control, name: string, action: WorkloadAction): Promise<WorkloadRow> => {
  const standing = await findStanding(control.inventory.db, name);
  if (standing === undefined) throw await notOurs(control, name);
  const { workload, hostState, guest, waits } = standing;
  const state = stateOf(
    workload,
    hostState === null ? undefined : { state: hostState },
    guest === null ? undefined : { observation: { state: guest } },
    waits,
  );
  const reason = whyNot(action, state);
  if (reason !== undefined) throw new InnkeeperError('conflict', `${name}: ${reason}`);
  return workload;
};

/** A change of power, or the removal. Refuses what the workload's state does not allow, naming the states that do. */
export const actOnWorkload = async (
  control: Control,
  name: string,
  kind: PowerAction | 'remove',
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf(kind, name);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  const { spec } = await actionable(control, name, kind);
  if (kind === 'remove' && spec.protect === true)
    throw new InnkeeperError('conflict', `${name} is protected`, { hint: 'apply it with protect: false first' });
  if (kind === 'remove' && isAdopted(spec))
    throw new InnkeeperError('conflict', `${name} was adopted: Innkeeper deletes nothing that it did not make`, {
      hint: `inn release ${name} gives it back as it was; its own tools can delete it then`,
    });
  return control.inventory.transaction(async (tx) => {
    const { row, unfinished } = await lockWithUnfinished(tx, name);
    if (row === undefined) throw notFound(name);
    const pending = unfinished.find((one) => one.kind === kind);
    if (pending !== undefined) return pending;
    const [, operation] = await allOf([
      kind === 'remove'
        ? cancelWaiting(tx, row.id, asker.who)
        : // What the user set last is what is wanted: the manifest's power follows.
          updateSpec(tx, row.id, { ...row.spec, power: powerAfter[kind] }, { applied: true }),
      begin(tx, kind, row, asker, hash, actsOn(kind, row.spec)),
    ]);
    return operation;
  });
};

/** Names that a specification mentions: what it depends on, and what it wants to be near to or away from. */
const namedBy = (spec: WorkloadSpec): readonly string[] => {
  const { dependsOn, near, away } = completeSpec(spec);
  return [...dependsOn, ...near, ...away].flatMap(({ workload }) => (workload === undefined ? [] : [workload]));
};

/** Another name for a workload that does not run. Refused while other specifications name it by the old one. */
export const renameRequest = async (
  control: Control,
  name: string,
  to: string,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('rename', name, to);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  await actionable(control, name, 'rename');
  await checkNewName(control, to);
  return control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row === undefined) throw notFound(name);
    const pending = await pendingOf(tx, row, ({ kind, memory }) => kind === 'rename' && memory.to === to);
    if (pending !== undefined) return pending;
    const naming = (await listWorkloads(tx)).filter(({ id, spec }) => id !== row.id && namedBy(spec).includes(name));
    if (naming.length > 0)
      throw new InnkeeperError('conflict', `${name} is named by ${naming.map((one) => one.name).join(', ')}`, {
        hint: 'take it out of their dependsOn and placement, rename, and name it there again',
      });
    return begin(tx, 'rename', row, asker, hash, { memory: { to }, before: { name }, after: { name: to } });
  });
};
