import { setTimeout as delay } from 'node:timers/promises';
import {
  deleteWorker,
  expiredWorkers,
  type Hold,
  letGoOf,
  listOperations,
  listWorkers,
  type OperationRow,
  operationsHeldBy,
  orphanedLockers,
  type QueueRunner,
  removeForgotten,
  removeJobsOf,
  renewMs,
  startQueue,
  stillHeld,
  type Turn,
  takeInTurn,
  takeOperation,
  type WorkerIdentity,
  type WorkerRow,
  wake,
  wakeNext,
} from '@innkeeper/inventory';
import type { Control } from '../control.ts';
import { coalesce } from '../observation/coalesce.ts';
import type { Lease } from './lease.ts';
import { type FaultPoints, runOperation } from './run.ts';

/** More than a host is given at a time: one that does not answer keeps no other waiting. */
const concurrency = 24;
const restartPauseMs = 1000;
/** Those who wait are woken by events; this finds what none told. */
const sweepMs = 60_000;

export interface Worker {
  stop(): Promise<void>;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A process of this very boot of this very machine whose number is gone is dead now, whatever its lease says. */
const isDead = (worker: WorkerRow, me: WorkerIdentity): boolean =>
  worker.id !== me.id &&
  worker.bootId === me.bootId &&
  worker.machine === me.machine &&
  (worker.pid === me.pid || !isAlive(worker.pid));

/** Takes over from the dead: forgets their jobs and their leases, and wakes for everything unfinished. */
const takeOver = async (control: Control, me: WorkerIdentity): Promise<void> => {
  const { urgent: db } = control.inventory;
  const dead = [
    ...(await expiredWorkers(db)),
    ...(await listWorkers(db)).filter((worker) => isDead(worker, me)),
  ].filter(({ id }) => id !== me.id);
  const seen = new Set<string>();
  for (const worker of dead) {
    if (seen.has(worker.id)) continue;
    seen.add(worker.id);
    control.log.info({ worker: worker.id, pid: worker.pid }, 'taking over from a process that is gone');
    await removeJobsOf(db, worker.queueIds);
    await deleteWorker(db, worker.id);
  }
  const orphans = await orphanedLockers(db);
  await removeJobsOf(db, orphans);
  if (seen.size > 0 || orphans.length > 0) await wakeUnfinished(control);
};

const wakeUnfinished = async (control: Control): Promise<void> => {
  const { urgent: db } = control.inventory;
  const unfinished = await listOperations(db, { limit: 10_000, unfinishedOnly: true });
  for (const workloadId of new Set(unfinished.map((one) => one.workloadId))) await wake(db, workloadId);
};

/** Works through operations, one at a time for each workload. */
export const startWorker = async (control: Control, lease: Lease, faults?: FaultPoints): Promise<Worker> => {
  const { db, urgent, url } = control.inventory;
  const { identity: me, queueIds } = lease;
  const stopping = new AbortController();

  /** Workloads whose job in the queue has begun here and not ended. */
  const busy = new Set<string>();
  /** What is being run, and how to make it end where it is. */
  const held = new Map<
    string,
    { readonly hold: Hold; readonly lost: AbortController; readonly ended: Promise<unknown> }
  >();
  /** Chains of operations that go on beside the queue's jobs. */
  const turns = new Set<Promise<void>>();
  /** By workload, left unfinished, and nobody has been told yet: the database may be away. */
  const left = new Map<string, Hold | undefined>();
  /** Whoever is woken first may take it: it is said to be this process's until then. */
  const wakeLeft = async (): Promise<void> => {
    if (left.size === 0) return;
    for (const [workloadId, hold] of [...left]) {
      if (hold !== undefined) await letGoOf(urgent, hold);
      await wake(urgent, workloadId);
      if (left.get(workloadId) === hold) left.delete(workloadId);
    }
    // Its turn was given to nobody.
    await wakeNext(urgent);
  };
  const wakeLater = (workloadId: string, hold?: Hold): void => {
    left.set(workloadId, hold);
    if (!stopping.signal.aborted)
      void delay(restartPauseMs)
        .then(wakeLeft)
        .catch(() => undefined);
  };
  let strays: readonly Hold[] = [];
  /** What is said to be this process's and is not being worked on, now as at the last look: the answer to its take was lost. */
  const findStrays = async (): Promise<void> => {
    const found = (await operationsHeldBy(urgent, me.id)).filter(({ workloadId }) => !held.has(workloadId));
    for (const one of found)
      if (strays.some(({ id, fence }) => id === one.id && fence === one.fence)) left.set(one.workloadId, one);
    strays = found;
  };

  /** To its end, or until it cannot go on: then whoever is woken for it does. False for that. */
  const runHeld = async (row: OperationRow): Promise<boolean> => {
    const { workloadId } = row;
    const hold = { id: row.id, fence: row.fence };
    const lost = new AbortController();
    const ended = runOperation(control, row, AbortSignal.any([stopping.signal, lost.signal]), faults);
    held.set(workloadId, { hold, lost, ended });
    try {
      await ended;
      return true;
    } catch (error) {
      control.log.error({ workloadId, err: error }, 'an operation is left for another try');
      wakeLater(workloadId, hold);
      return false;
    } finally {
      // What follows for the same workload may have been taken before the last words of this one.
      if (held.get(workloadId)?.hold === hold) held.delete(workloadId);
    }
  };

  /**
   * Whose turn it is after one that has ended, one after the other: nobody is to be woken for them, and no job is to be
   * taken. Never throws.
   */
  const giveTurn = async (ended: Turn): Promise<void> => {
    let turn = ended;
    try {
      for (;;) {
        const full = stopping.signal.aborted || !lease.holds() || held.size >= concurrency;
        const next = full ? undefined : await takeInTurn(db, turn, me.id);
        if (next === undefined) return await wakeNext(db);
        if (!(await runHeld(next))) return;
        turn = next.turn;
      }
    } catch (error) {
      // Who is woken for this workload finds what else is due.
      control.log.error({ workloadId: turn.workloadId, err: error }, 'nobody has been given the turn of an operation');
      wakeLater(turn.workloadId);
    }
  };

  const work = async (workloadId: string): Promise<void> => {
    // Another may have it by now; it is asked for again when the lease holds.
    if (!lease.holds()) return void left.set(workloadId, undefined);
    const row = await takeOperation(db, workloadId, me.id);
    if (row === undefined || !(await runHeld(row))) return;
    const giving = giveTurn(row.turn).finally(() => turns.delete(giving));
    turns.add(giving);
  };

  /** Never throws: a failed job is not tried again. */
  const onWake = async (workloadId: string): Promise<void> => {
    if (stopping.signal.aborted) return;
    busy.add(workloadId);
    try {
      await work(workloadId);
    } catch (error) {
      control.log.error({ workloadId, err: error }, 'an operation could not be taken');
      wakeLater(workloadId);
    } finally {
      busy.delete(workloadId);
    }
  };

  /** A process that was paused lets go of what others have taken over, before it may touch a host again. */
  const letGo = async (): Promise<void> => {
    const running = [...held.values()];
    const mine = new Set(
      (
        await stillHeld(
          urgent,
          running.map(({ hold }) => hold),
        )
      ).map(({ id }) => id),
    );
    const taken = running.filter(({ hold }) => !mine.has(hold.id));
    control.log.warn({ held: running.length, taken: taken.length }, 'the lease had ended');
    for (const { lost } of taken) lost.abort();
    await Promise.allSettled(taken.map(({ ended }) => ended));
  };

  /** Renews the lease, takes over from the dead, and picks up what a database that was away made this process forget. */
  const tend = async (): Promise<void> => {
    await lease.renew(letGo);
    await takeOver(control, me);
    if (await removeForgotten(urgent, [...queueIds], [...busy])) await wakeUnfinished(control);
    await findStrays();
    await wakeLeft();
  };

  await lease.renew();
  await takeOver(control, me);
  let queue: QueueRunner | undefined;
  const runQueue = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        queueIds.clear();
        queue = await startQueue({ url, concurrency, onWake, onLocker: (id) => void queueIds.add(id) });
        // The names of its queues are known from here on.
        await lease.renew(letGo);
        await wakeUnfinished(control);
        await queue.ended;
        await queue.stop();
      } catch (error) {
        control.log.warn({ err: error }, 'the queue is away; trying again');
      }
      if (!stopping.signal.aborted) await delay(restartPauseMs);
    }
  };
  const queueLoop = runQueue();
  const tendOnce = coalesce(tend);
  const timer = setInterval(() => {
    tendOnce().catch((error: unknown) => control.log.warn({ err: error }, 'the lease could not be renewed'));
  }, renewMs);
  const sweep = setInterval(control.wakeWaiting, sweepMs);
  return {
    stop: async () => {
      clearInterval(timer);
      clearInterval(sweep);
      stopping.abort();
      await queue?.stop();
      await queueLoop;
      await Promise.all(turns);
      // Others go on with it at once.
      await wakeLeft().catch(() => undefined);
      await deleteWorker(db, me.id).catch(() => undefined);
    },
  };
};
