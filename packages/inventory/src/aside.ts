import { and, eq, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import type { Hold } from './operations.ts';
import { operations } from './schema.ts';

/**
 * Puts an operation aside until something that could help changes; its step counts as not begun. A removal that came while it was
 * looked at found nothing that waits: it is ended for that one.
 */
export const postpone = async (db: Db, { id, fence }: Hold, waitsFor: string): Promise<boolean> => {
  const rows = await db.execute(sql`
    with removal as (
      select l.who from innkeeper.operations o
      join innkeeper.operations l on l.workload_id = o.workload_id and l.kind = 'remove' and l.finished_at is null and l.seq > o.seq
      where o.id = ${id} limit 1
    ), aside as (
      update innkeeper.operations set state = 'waiting', progress = ${waitsFor}, worker_id = null,
        due = due or exists (select from removal), cancel_requested = coalesce(cancel_requested, (select who from removal))
      where id = ${id} and fence = ${fence} returning id
    ), step as (
      update innkeeper.operation_steps s set state = 'pending', text = ${waitsFor} from aside
      where s.operation_id = aside.id and s.state = 'running'
    )
    select id from aside`);
  return rows.length === 1;
};

/** Ends what waits for a workload, since something else is wanted now. */
export const cancelWaiting = async (db: Db, workloadId: string, who: string): Promise<void> => {
  await db
    .update(operations)
    .set({ cancelRequested: who, due: true })
    .where(and(eq(operations.workloadId, workloadId), eq(operations.state, 'waiting')));
};
