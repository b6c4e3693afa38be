import type { Candidate, CompleteSpec, DriverReport, HostState } from '@innkeeper/model';

/** What a decision is made from; plain data, so that a stored one can be replayed. Sizes in bytes. */
export interface Snapshot {
  readonly hosts: readonly HostSnapshot[];
}

export interface HostSnapshot {
  readonly name: string;
  readonly state: HostState;
  readonly drivers: readonly DriverReport[];
  readonly images: readonly string[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskFreeBytes: number;
  readonly cpuRatio: number;
  readonly memoryRatio: number;
  /** Promised to our workloads, the one being placed not counted. */
  readonly claimed: { readonly cpus: number; readonly memoryBytes: number };
  /** Taken by guests that are not ours. */
  readonly foreign: { readonly cpus: number; readonly memoryBytes: number };
  /** Names of guests that are not ours, by driver: a new guest cannot have one of them. */
  readonly foreignNames: Readonly<Record<string, readonly string[]>>;
}

export interface PlacementRequest {
  readonly name: string;
  readonly spec: CompleteSpec;
  /** Where it is already, if anywhere. */
  readonly current?: Candidate | undefined;
}
