import { createHash, randomUUID } from 'node:crypto';
import {
  allOf,
  findByIdempotencyKey,
  insertOperation,
  type OperationRow,
  unfinishedOf,
  wake,
} from '@innkeeper/inventory';
import { InnkeeperError, type OperationKind, type WorkloadSpec, withoutSecrets } from '@innkeeper/model';
import { requireInScope } from './access/allow.ts';
import type { Identity } from './access/identity.ts';
import { record, type Trail } from './access/trail.ts';

import type { Control } from './control.ts';

/** Who asks, for which projects, and the key under which the same question gets the same answer. */
export interface Asker extends Pick<Identity, 'who' | 'scope'> {
  readonly trail: Trail;
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

type Changed =
  | Partial<WorkloadSpec>
  | { readonly name: string }
  | { readonly snapshot: string }
  | { readonly backup: string };

interface Beginning {
  /** What the operation's steps have to know from the start. */
  readonly memory?: Readonly<Record<string, unknown>>;
  /** For the audit log: what is changed, as it was and as it is to be. */
  readonly before?: Changed;
  readonly after?: Changed;
}

const shown = (part: Beginning['before']): unknown =>
  part === undefined ? undefined : 'cloudInit' in part ? withoutSecrets(part) : part;

/** A new operation of a workload, with a wake-up for the worker and its entry in the audit log. */
export const begin = async (
  tx: Parameters<typeof insertOperation>[0],
  kind: OperationKind,
  { id, name }: { readonly id: string; readonly name: string },
  asker: Asker,
  hash: string,
  { memory = {}, before, after }: Beginning = {},
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
  const { project } = operation;
  // The request was allowed before this transaction began: the name may be somebody else's by now.
  requireInScope(asker.scope, name, project);
  await allOf([
    record(tx, asker.trail, {
      resource: { kind: 'workload', name },
      project,
      before: shown(before),
      after: shown(after),
      operationId: operation.id,
    }),
    wake(tx, id),
  ]);
  return operation;
};
