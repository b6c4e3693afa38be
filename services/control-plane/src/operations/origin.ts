import type { Candidate } from '@innkeeper/model';
import type { PlacementRequest } from '@innkeeper/placement';

/** What a clone is copied from, as it was asked for. */
export interface CloneOf {
  /** Of the workload. */
  readonly id: string;
  readonly name: string;
  readonly place: Candidate;
  readonly snapshot?: { readonly id: string; readonly name: string } | undefined;
  /** Ports of the host that the other one publishes, and the clone does not. */
  readonly ports: readonly string[];
}

export const cloneOf = (memory: Readonly<Record<string, unknown>>): CloneOf | undefined =>
  memory.origin as CloneOf | undefined;

/** What a workload is made of that begins as another one was, as it was asked for. */
export interface BackupOf {
  /** Of the backup. */
  readonly id: string;
  readonly name: string;
  readonly target: string;
  /** What the workload was called that it is of. */
  readonly workload: string;
  readonly driver: string;
  /** The only host that reaches it. */
  readonly host?: string | undefined;
  /** Whether it becomes somebody else: who it was may be there. */
  readonly fresh: boolean;
}

export const backupOf = (memory: Readonly<Record<string, unknown>>): BackupOf | undefined =>
  memory.backup as BackupOf | undefined;

/** For a decision: a clone is made where the other one is, and what was backed up by the driver that it is of. */
export const placedBeside = (memory: Readonly<Record<string, unknown>>): Pick<PlacementRequest, 'origin'> => {
  const backup = backupOf(memory);
  if (backup !== undefined) {
    const { workload, driver, host, name } = backup;
    return { origin: { workload, driver, backup: name, ...(host === undefined ? {} : { host }) } };
  }
  const origin = cloneOf(memory);
  if (origin === undefined) return {};
  const { host, driver } = origin.place;
  return { origin: { workload: origin.name, host, driver } };
};
