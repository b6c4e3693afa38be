import { EventEmitter } from 'node:events';
import { type SQL, sql } from 'drizzle-orm';
import { Logger, run, runMigrations } from 'graphile-worker';
import type { Db } from './database.ts';
import { openPool, withPool } from './pg.ts';
import { nextInTurn } from './turns.ts';

/** The only file that knows graphile-worker: a job here is a wake-up, the operations table is the truth. */
const task = 'innkeeper-operation';

/** Jobs are taken and ended over these; one listens. */
const poolSize = 6;

/** New jobs come by NOTIFY; polling only finds what was missed while the connection was away. */
const pollMs = 15_000;

const silent = new Logger(() => () => undefined);

export const prepareQueue = (url: string): Promise<void> =>
  withPool(url, (pgPool) => runMigrations({ pgPool, logger: silent }));

/** A job of a workload, whose id is given as text: one that waits at most, which its key makes sure of. */
const addJob = (id: SQL): SQL =>
  sql`graphile_worker.add_job(${task}, json_build_object('workloadId', ${id}), queue_name := ${id}, max_attempts := 1, job_key := ${id})`;

/**
 * Wakes a worker for a workload, in the same transaction as the change that it is to carry out. A workload has one job that
 * waits, however often this is called; one that has begun is left to its end.
 */
export const wake = async (db: Db, workloadId: string): Promise<void> => {
  await db.execute(sql`select ${addJob(sql`${workloadId}::text`)}`);
};

/**
 * Wakes for those whose turn has come, after another has ended or was put aside. Those whose job is still to come are left
 * alone: to touch it is to lock it, and whoever wants to end one waits.
 */
export const wakeNext = async (db: Db): Promise<void> => {
  await db.execute(sql`
    select ${addJob(sql`o.workload_id::text`)}
    from (${nextInTurn}) o
    where not exists (
      select 1 from graphile_worker._private_jobs j where j.key = o.workload_id::text and j.locked_at is null and j.attempts < j.max_attempts)`);
};

/**
 * Has everything looked at again that waits for room, a device or another workload, since something that could help has
 * changed: those whose turn it is now, the others one after the other.
 */
export const wakeWaiting = async (db: Db): Promise<void> => {
  // Also what is just being looked at: it may have looked before.
  await db.execute(sql`update innkeeper.operations set due = true where state in ('waiting', 'running') and not due`);
  await wakeNext(db);
};

export interface QueueRunner {
  readonly stop: () => Promise<void>;
  /** Settles when the runner has ended, by `stop` or by itself. */
  readonly ended: Promise<void>;
}

export interface QueueOptions {
  readonly url: string;
  readonly concurrency: number;
  /** Must not throw: a failed job would free its queue and let a later operation overtake. */
  readonly onWake: (workloadId: string) => Promise<void>;
  /** A name under which the runner locks jobs and queues; known before the first is taken. */
  readonly onLocker: (queueId: string) => void;
}

export const startQueue = async (options: QueueOptions): Promise<QueueRunner> => {
  const pgPool = openPool(options.url, poolSize);
  const emitter = new EventEmitter();
  // The pool locks, for all its workers; a worker locks by itself when it runs alone.
  emitter.on('pool:create', ({ workerPool }: { workerPool: { id: string } }) => options.onLocker(workerPool.id));
  emitter.on('worker:create', ({ worker }: { worker: { workerId: string } }) => options.onLocker(worker.workerId));
  const runner = await run({
    pgPool,
    concurrency: options.concurrency,
    pollInterval: pollMs,
    noHandleSignals: true,
    logger: silent,
    events: emitter,
    taskList: {
      [task]: async (payload) => {
        const { workloadId } = payload as { workloadId: string };
        await options.onWake(workloadId);
      },
    },
  });
  const ended = runner.promise.then(
    () => undefined,
    () => undefined,
  );
  return {
    ended,
    stop: async () => {
      await runner.stop().catch(() => undefined);
      await pgPool.end().catch(() => undefined);
    },
  };
};

/** Locks older than any live process would leave unrecorded. */
const orphanSeconds = 30;

/** Names that hold queues and that no live worker has: those of a process that died before it could record them. */
export const orphanedLockers = async (db: Db): Promise<string[]> => {
  const rows = await db.execute<{ locked_by: string }>(sql`
    select distinct q.locked_by from graphile_worker._private_job_queues q
    where q.locked_by is not null and q.locked_at < now() - make_interval(secs => ${orphanSeconds})
      and not exists (select 1 from innkeeper.workers w where q.locked_by = any(w.queue_ids))`);
  return rows.map((row) => row.locked_by);
};

/** A lock this old belongs to a job that has begun long ago. */
const forgottenSeconds = 5;

/**
 * Frees named queues that this process has locked and works on no more: a job whose end could not be written, since the
 * database was away just then, would hold its queue for four hours. True when there were any.
 */
export const releaseForgotten = async (
  db: Db,
  queueIds: readonly string[],
  inProgress: readonly string[],
): Promise<boolean> => {
  const list = (texts: readonly string[]) =>
    sql`array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
  const rows = await db.execute(sql`
    with forgotten as (
      update graphile_worker._private_job_queues set locked_at = null, locked_by = null
      where locked_by = any(${list(queueIds)}) and locked_at < now() - make_interval(secs => ${forgottenSeconds})
        and queue_name <> all(${list(inProgress)})
      returning id
    ), ended as (
      delete from graphile_worker._private_jobs j using forgotten f
      where j.job_queue_id = f.id and j.locked_by is not null
    )
    select id from forgotten`);
  return rows.length > 0;
};

/** Frees the jobs and named queues that a dead process held: graphile itself waits four hours. What had begun is never run again. */
export const releaseQueueLocks = async (db: Db, queueIds: readonly string[]): Promise<void> => {
  if (queueIds.length === 0) return;
  await db.execute(
    sql`select graphile_worker.force_unlock_workers(array[${sql.join(
      queueIds.map((id) => sql`${id}`),
      sql`, `,
    )}]::text[])`,
  );
  await db.execute(sql`delete from graphile_worker._private_jobs where locked_at is null and attempts >= max_attempts`);
};
