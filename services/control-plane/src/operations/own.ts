import { randomUUID } from 'node:crypto';
import {
  type Db,
  insertAudit,
  insertOperation,
  type NewAudit,
  type NewOperation,
  type WorkloadRow,
  wake,
} from '@innkeeper/inventory';

/** What Innkeeper asks for by itself. */
export interface Own extends Pick<NewOperation, 'kind' | 'memory' | 'idempotencyKey'> {
  /** Why, in a few words. */
  readonly why: string;
  /** For what has to be found in the audit log: what is taken away or made, as it was and as it is to be. */
  readonly audit?: Pick<NewAudit, 'before' | 'after'>;
}

/** An operation of Innkeeper's own, in its workload's turn. To be called in a transaction that holds the workload. */
export const beginOwn = async (tx: Db, { id, name }: WorkloadRow, { why, audit, ...asked }: Own): Promise<void> => {
  const operation = { ...asked, id: randomUUID(), workloadId: id, workloadName: name, who: `innkeeper (${why})` };
  const { project } = await insertOperation(tx, operation);
  if (audit !== undefined)
    await insertAudit(tx, {
      ...audit,
      who: 'innkeeper',
      method: asked.kind,
      resourceKind: 'workload',
      resourceName: name,
      project,
      operationId: operation.id,
      outcome: 'done',
      reason: why,
    });
  await wake(tx, id);
};
