import { randomUUID } from 'node:crypto';
import { type Db, leaseSeconds, renewLease, renewMs, type WorkerIdentity } from '@innkeeper/inventory';
import { InnkeeperError, type MachineReport } from '@innkeeper/model';

/** Less than what others wait, by more than a step needs to notice. */
const holdsMs = (leaseSeconds - 1) * 1000;

/** What tells a process that works from one that is dead or paused. Until it is renewed the first time it does not hold. */
export interface Lease {
  readonly identity: WorkerIdentity;
  /** Names under which its queues lock jobs. */
  readonly queueIds: Set<string>;
  /** Whether nobody else can have taken over what this process does. */
  holds(): boolean;
  /** Throws `unavailable` when it does not hold: then nothing may be begun on a host. */
  require(): void;
  /** `afterLapse` is waited for when it did not hold, before it does again; from then on nobody takes anything over. */
  renew(afterLapse?: () => Promise<void>): Promise<void>;
}

interface Clock {
  /** Goes on while the process is paused, not while the machine sleeps. */
  readonly monotonic: () => number;
  /** Goes on while the machine sleeps, and may be set back. */
  readonly wall: () => number;
}

const usualClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() };

/**
 * A process may be paused, or its machine asleep, or cut off from the database, at any point of what it does, and go on
 * after others have taken over. So before each action on a host it looks at two clocks; whichever went on says that its time is over.
 */
export const openLease = (
  db: Db,
  { hostname, bootId, socket }: Pick<MachineReport, 'hostname' | 'bootId'> & Pick<WorkerIdentity, 'socket'>,
  clock = usualClock,
): Lease => {
  const identity: WorkerIdentity = { id: randomUUID(), machine: hostname, bootId, pid: process.pid, socket };
  const queueIds = new Set<string>();
  let renewed: { readonly monotonic: number; readonly wall: number } | undefined;
  const holds = (): boolean =>
    renewed !== undefined && clock.monotonic() - renewed.monotonic < holdsMs && clock.wall() - renewed.wall < holdsMs;
  return {
    identity,
    queueIds,
    holds,
    require: () => {
      if (holds()) return;
      throw new InnkeeperError(
        'unavailable',
        'This control plane has not reached its database in time: it does nothing on hosts until it has',
        { hint: 'what it was doing may be done by another by now; it goes on by itself' },
      );
    },
    renew: async (afterLapse) => {
      const lapsed = !holds();
      // When it was asked for, not answered: the database counts from somewhere in between.
      const asked = { monotonic: clock.monotonic(), wall: clock.wall() };
      await renewLease(db, identity, [...queueIds]);
      if (lapsed) await afterLapse?.();
      renewed = asked;
    },
  };
};

/** Renews it until the work has ended: on a slow machine the first looks at hosts take longer than it holds. */
export const whileRenewed = async <T>(lease: Lease, work: () => Promise<T>): Promise<T> => {
  const timer = setInterval(() => void lease.renew().catch(() => undefined), renewMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};
