import { type CapabilityName, type CompleteSpec, InnkeeperError } from '@innkeeper/model';
import type { Driver, GuestOrder, GuestRef, Step, StepContext } from '../contract.ts';

/** What the suite needs beside the driver itself: things of the host that no contract tells. */
export interface ConformanceBench {
  readonly driver: Driver;
  /** An order that this host can carry out, with claims of its own; names begin with the test prefix. */
  order(parts?: { readonly spec?: Partial<CompleteSpec>; readonly generation?: number }): Promise<GuestOrder>;
  /** Everything of a guest that is on the host, for people: definitions, files, mounts, addresses. */
  leftovers(guest: GuestRef): Promise<readonly string[]>;
  /** A guest that is not ours, and everything about it that must not change. */
  readonly foreign: { readonly guest: GuestRef; fingerprint(): Promise<string> };
  /** Starts a guest without the driver, on a host that has just booted: what the driver mounted is not mounted any more. */
  readonly startByOthers: (guest: GuestRef) => Promise<void>;
  /** Ends and starts the daemon behind the driver; undefined where there is none. */
  readonly restartBackend?: (() => Promise<void>) | undefined;
}

export interface ConformanceCase {
  readonly title: string;
  /** The capability that the case is about; where a driver does not declare it, it has to refuse or to be without. */
  readonly needs?: CapabilityName;
  readonly run: (bench: ConformanceBench) => Promise<void>;
}

export const refOf = ({ uuid, name }: GuestRef): GuestRef => ({ uuid, name });

const context = (): StepContext => ({ signal: new AbortController().signal, fence: 1, progress: () => undefined });

export const runStep = (step: Step): Promise<void> => step.run(context());
export const undoStep = async (step: Step): Promise<void> => step.undo?.(context());

export const runAll = async (steps: readonly Step[]): Promise<void> => {
  for (const step of steps) await runStep(step);
};

export const undoAll = async (steps: readonly Step[]): Promise<void> => {
  for (const step of [...steps].reverse()) await undoStep(step);
};

export const isUnsupported = (thrown: unknown): boolean =>
  thrown instanceof InnkeeperError && thrown.code === 'unsupported';

export const isConflict = (thrown: unknown): boolean => thrown instanceof InnkeeperError && thrown.code === 'conflict';

export const stopNow = { mode: 'force', timeoutMs: 0 } as const;

export const never = (): AbortSignal => new AbortController().signal;

/** Makes a guest, hands it over, and takes it away with everything, whatever happened. */
export const withGuest = async (
  bench: ConformanceBench,
  work: (guest: GuestRef, order: GuestOrder) => Promise<void>,
  parts?: Parameters<ConformanceBench['order']>[0],
): Promise<void> => {
  const { driver } = bench;
  const order = await bench.order(parts);
  const plan = driver.plan(order);
  const guest = refOf(plan);
  try {
    await runAll(driver.create(plan));
    await work(guest, order);
  } finally {
    await runAll(driver.destroy(guest, order.claims.networks, 'delete'));
  }
};

/** Whether a driver says that it can do something on this host. */
export const declares = async ({ driver }: ConformanceBench, name: CapabilityName): Promise<boolean> =>
  (await driver.probe()).capabilities[name]?.value === true;
