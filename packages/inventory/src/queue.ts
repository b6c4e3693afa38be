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

/** Jobs that a process fetches at a time. More would keep some from another process that has less to do. */
const fetchedAtOnce = 2;

const silent = new Logger(() => () => undefined);

export const prepareQueue = (url: string): Promise<void> =>
  withPool(url, (pgPool) => runMigrations({ pgPool, logger: silent }));

/**
 * A job of a workload, whose id is given as text: one that waits at most, which its key makes sure of. It is in no named queue:
 * that a workload has one operation at a time is told from the operations themselves, whoever is woken.
 */
const addJob = (id: SQL): SQL =>
  sql`graphile_worker.add_job(${task}, json_build_object('workloadId', ${id}), max_attempts := 1, job_key := ${id})`;

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
  /** Must not throw: a failed job is tried no more. */
  readonly onWake: (workloadId: string) => Promise<void>;
  /** A name under which the runner locks jobs; known before the first is taken. */
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
    // Each process fetches once for a notification, not each of its workers, and what ends together is written together.
    preset: { worker: { localQueue: { size: fetchedAtOnce }, completeJobBatchDelay: 0 } },
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

/** Names that hold jobs and that no live worker has: those of a process that died before it could record them. */
export const orphanedLockers = async (db: Db): Promise<string[]> => {
  const rows = await db.execute<{ locked_by: string }>(sql`
    select distinct j.locked_by from graphile_worker._private_jobs j
    where j.locked_by is not null and j.locked_at < now() - make_interval(secs => ${orphanSeconds})
      and not exists (select 1 from innkeeper.workers w where j.locked_by = any(w.queue_ids))`);
  return rows.map((row) => row.locked_by);
};

/** A lock this old belongs to a job that has begun long ago. */
const forgottenSeconds = 5;

const texts = (list: readonly string[]): SQL =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(list)}::jsonb))`;

/**
 * Removes jobs that this process has locked and does not work on: the answer with them, or their end, was lost when the database
 * was away. True when there were any, of which nobody may have been told.
 */
export const removeForgotten = async (
  db: Db,
  queueIds: readonly string[],
  inProgress: readonly string[],
): Promise<boolean> => {
  const rows = await db.execute(sql`
    delete from graphile_worker._private_jobs
    where locked_by = any(${texts(queueIds)}) and locked_at < now() - make_interval(secs => ${forgottenSeconds})
      and payload ->> 'workloadId' <> all(${texts(inProgress)})
    returning id`);
  return rows.length > 0;
};

/** Removes the jobs that a dead process held, which graphile itself would keep: who takes over wakes for what is unfinished. */
export const removeJobsOf = async (db: Db, queueIds: readonly string[]): Promise<void> => {
  if (queueIds.length === 0) return;
  await db.execute(sql`delete from graphile_worker._private_jobs where locked_by = any(${texts(queueIds)})`);
};
