import { createHash, randomUUID } from 'node:crypto';
import { findByIdempotencyKey, insertOperation, type OperationRow, unfinishedOf, wake } from '@innkeeper/inventory';
import { InnkeeperError, type OperationKind } from '@innkeeper/model';
import type { Control } from './control.ts';

/** Who asks, and the key under which the same question gets the same answer. */
export interface Asker {
  readonly who: string;
  readonly idempotencyKey?: string | undefined;
}

export const notFound = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no workload ${name}`, { hint: 'inn ls shows what there is' });

export const hashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** The operation of an earlier request with the same key; `conflict` when the request was another one. */
export const repeated = async (control: Control, asker: Asker, hash: string): Promise<OperationRow | undefined> => {
  if (asker.idempotencyKey === undefined) return undefined;
  const earlier = await findByIdempotencyKey(control.inventory.db, `${asker.who}:${asker.idempotencyKey}`);
  if (earlier !== undefined && earlier.idempotencyHash !== hash) {
    throw new InnkeeperError('conflict', 'This Idempotency-Key was used for another request', {
      hint: 'use a new key for every request',
    });
  }
  return earlier;
};

const keyOf = (asker: Asker, hash: string) =>
  asker.idempotencyKey === undefined
    ? {}
    : { idempotencyKey: `${asker.who}:${asker.idempotencyKey}`, idempotencyHash: hash };

/**
 * The unfinished operation of a workload that is this request's own, for requests that do not queue behind others.
 * Throws `busy` while another one is not finished.
 */
export const pendingOf = async (
  tx: Parameters<typeof unfinishedOf>[0],
  { id, name }: { readonly id: string; readonly name: string },
  isOwn: (operation: OperationRow) => boolean,
): Promise<OperationRow | undefined> => {
  const [pending] = await unfinishedOf(tx, id);
  if (pending === undefined || isOwn(pending)) return pending;
  throw new InnkeeperError('busy', `${name}: its ${pending.kind} is not finished`, {
    hint: `inn operation show ${pending.id}`,
  });
};

/** A new operation of a workload, with a wake-up for the worker; `memory`: what its steps have to know from the start. */
export const begin = async (
  tx: Parameters<typeof insertOperation>[0],
  kind: OperationKind,
  { id, name }: { readonly id: string; readonly name: string },
  asker: Asker,
  hash: string,
  memory: Readonly<Record<string, unknown>> = {},
): Promise<OperationRow> => {
  const operation = await insertOperation(tx, {
    id: randomUUID(),
    kind,
    workloadId: id,
    workloadName: name,
    who: asker.who,
    memory,
    ...keyOf(asker, hash),
  });
  await wake(tx, id);
  return operation;
};
