import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  findSnapshot,
  listSnapshots,
  lockWorkload,
  type OperationRow,
  type SnapshotRow,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { InnkeeperError, isAdopted, type NewSnapshot, type SnapshotChange, snapshotNameAt } from '@innkeeper/model';
import { type Asker, begin, hashOf, notFound, pendingOf, repeated } from '../asker.ts';
import { requireCapable } from '../capable.ts';
import type { Control } from '../control.ts';
import { actionable } from '../requests.ts';

type Tx = Parameters<typeof findSnapshot>[0];

const actionableHere = async (
  control: Control,
  name: string,
  action: 'snapshot' | 'restore' | 'change-snapshot' | 'remove-snapshot',
): Promise<void> => {
  const row = await actionable(control, name, action);
  if (isAdopted(row.spec))
    throw new InnkeeperError('conflict', `${name} was adopted: what it stands on is its owner's`, {
      hint: 'its own tools can make snapshots of it',
    });
  const givesUp = action === 'restore' || action === 'remove-snapshot';
  if (givesUp && row.spec.protect === true)
    throw new InnkeeperError('conflict', `${name} is protected: nothing that it holds or held is given up`, {
      hint: 'apply it with protect: false first',
    });
  await requireCapable(control, row, 'snapshots');
};

const nameTaken = (name: string, workload: string): InnkeeperError =>
  new InnkeeperError('conflict', `${workload} has a snapshot called ${name} already`, {
    hint: `choose another name, or inn snapshot rm ${workload} ${name}`,
    complaints: [{ path: 'name', message: 'the name is taken' }],
  });

const freeName = (wanted: string | undefined, taken: readonly SnapshotRow[], workload: string): string => {
  const isTaken = (name: string): boolean => taken.some((one) => one.name === name);
  if (wanted !== undefined && isTaken(wanted)) throw nameTaken(wanted, workload);
  if (wanted !== undefined) return wanted;
  const moment = snapshotNameAt(new Date());
  let [name, count] = [moment, 1];
  while (isTaken(name)) {
    count += 1;
    name = `${moment}-${count}`;
  }
  return name;
};

/** Keeps what a workload holds now under a name. */
export const snapshotRequest = async (
  control: Control,
  name: string,
  asked: NewSnapshot,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('snapshot', name, asked);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  await actionableHere(control, name, 'snapshot');
  return control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row === undefined) throw notFound(name);
    const pending = await pendingOf(
      tx,
      row,
      ({ kind, memory }) => kind === 'snapshot' && asked.name !== undefined && memory.name === asked.name,
    );
    if (pending !== undefined) return pending;
    const chosen = freeName(asked.name, await listSnapshots(tx, [row.id]), name);
    const memory = { ...asked, id: randomUUID(), name: chosen };
    return begin(tx, 'snapshot', row, asker, hash, { memory, after: { snapshot: chosen } });
  });
};

export const snapshotNotFound = (name: string, snapshot: string): InnkeeperError =>
  new InnkeeperError('not_found', `${name} has no snapshot ${snapshot.slice(0, 80)}`, {
    hint: `inn snapshot ls ${name} shows what it has`,
  });

const findOf = async (tx: Tx, { id, name }: WorkloadRow, snapshot: string): Promise<SnapshotRow> => {
  const found = await findSnapshot(tx, id, snapshot);
  if (found !== undefined) return found;
  throw snapshotNotFound(name, snapshot);
};

/** What is not whole can be removed, and nothing else. */
export const notWhole = ({ name, state }: SnapshotRow, workload: string): InnkeeperError =>
  new InnkeeperError('conflict', `The snapshot ${name} of ${workload} is not whole: it is ${state}`, {
    hint: `inn snapshot rm ${workload} ${name}`,
  });

const requestOf =
  (kind: 'restore' | 'remove-snapshot', check: (found: SnapshotRow, workload: string) => void) =>
  async (control: Control, name: string, snapshot: string, asker: Asker): Promise<OperationRow> => {
    const hash = hashOf(kind, name, snapshot);
    const earlier = await repeated(control, asker, hash);
    if (earlier !== undefined) return earlier;
    await actionableHere(control, name, kind);
    return control.inventory.transaction(async (tx) => {
      const row = await lockWorkload(tx, name);
      if (row === undefined) throw notFound(name);
      const found = await findOf(tx, row, snapshot);
      const pending = await pendingOf(tx, row, (one) => one.kind === kind && one.memory.id === found.id);
      if (pending !== undefined) return pending;
      check(found, name);
      const memory = { id: found.id, name: found.name };
      const change = { snapshot: found.name };
      return begin(tx, kind, row, asker, hash, {
        memory,
        ...(kind === 'restore' ? { after: change } : { before: change }),
      });
    });
  };

/** The workload goes back to what it held then. Refused for one that is protected, and for a snapshot that is not whole. */
export const restoreRequest = requestOf('restore', (found, workload) => {
  if (found.state !== 'ready') throw notWhole(found, workload);
});

/** A snapshot goes; what was made after it stays. */
export const removeSnapshotRequest = requestOf('remove-snapshot', () => undefined);

const wordsOf = ({ name, description }: Pick<SnapshotRow, 'name' | 'description'>) => ({
  name,
  ...(description === null ? {} : { description }),
});

/** Another name or description. Refused for a name that another snapshot of the workload has, and for a snapshot that is not whole. */
export const changeSnapshotRequest = async (
  control: Control,
  name: string,
  snapshot: string,
  change: SnapshotChange,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('change-snapshot', name, snapshot, change);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  await actionableHere(control, name, 'change-snapshot');
  return control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row === undefined) throw notFound(name);
    const found = await findOf(tx, row, snapshot);
    const from = wordsOf(found);
    const to = { ...from, ...change, name: change.name ?? from.name };
    const isSame = ({ id, to: other }: OperationRow['memory']) => id === found.id && isDeepStrictEqual(other, to);
    const pending = await pendingOf(tx, row, ({ kind, memory }) => kind === 'change-snapshot' && isSame(memory));
    if (pending !== undefined) return pending;
    if (found.state !== 'ready') throw notWhole(found, name);
    if (to.name !== from.name && (await findSnapshot(tx, row.id, to.name)) !== undefined)
      throw nameTaken(to.name, name);
    const memory = { id: found.id, from, to };
    return begin(tx, 'change-snapshot', row, asker, hash, {
      memory,
      before: { snapshot: from.name },
      after: { snapshot: to.name },
    });
  });
};
