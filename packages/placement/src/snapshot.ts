import type { Candidate, CompleteSpec, DeviceReport, DriverReport, HostState, Rule } from '@innkeeper/model';

/** A device of a host with the workloads that hold it. */
export interface DeviceSnapshot extends DeviceReport {
  readonly holders: readonly string[];
}

/** One host as a decision sees it. Amounts in processors and bytes. */
export interface HostSnapshot {
  readonly name: string;
  readonly state: HostState;
  /** Why nothing new is placed there, as its operator said. */
  readonly maintenance?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How old its last report is, in milliseconds. */
  readonly reportAgeMs: number;
  readonly drivers: readonly DriverReport[];
  /** Names of the images that are there. */
  readonly images: readonly string[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskFreeBytes: number;
  /** How many times the capacity may be promised. */
  readonly cpuRatio: number;
  readonly memoryRatio: number;
  /** Kept for the host itself. */
  readonly reserved: { readonly cpus: number; readonly memoryBytes: number };
  /** Promised to our workloads, the requesting one left out. */
  readonly claimed: { readonly cpus: number; readonly memoryBytes: number };
  /** Used by guests that are not ours. */
  readonly foreign: { readonly cpus: number; readonly memoryBytes: number };
  /** Names of foreign guests by driver: a name can be used once per driver. */
  readonly foreignNames: Readonly<Record<string, readonly string[]>>;
  readonly devices: readonly DeviceSnapshot[];
  /** Ports of the host that somebody holds, the requesting workload left out. Missing in the oldest records. */
  /** Missing in the oldest records. */
  readonly bridges?: readonly string[];
  readonly links?: readonly string[];
  readonly ports?: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly holder: string }[];
}

/** A workload that has a place already: others want to be near it, away from it, or depend on it. */
export interface PlacedWorkload {
  readonly name: string;
  readonly host: string;
  readonly driver: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly running: boolean;
  /** What its probe says; a workload without one is ready as soon as it runs. Missing in the oldest records. */
  readonly ready?: boolean;
}

/** A network that is made where a workload needs it. */
export interface OwnNetwork {
  readonly name: string;
  /** Of libvirt, on every host. Another network of the same name is somebody else's. */
  readonly uuid: string;
  readonly project?: string;
  /** A bridge that the host has to have. */
  readonly bridge?: string;
  /** An interface that the host has to have. */
  readonly link?: string;
}

/** All that a decision depends on, as data: kept with a record, it gives the same decision again. */
export interface Snapshot {
  readonly hosts: readonly HostSnapshot[];
  readonly workloads: readonly PlacedWorkload[];
  /** Missing in the oldest records. */
  readonly networks?: readonly OwnNetwork[];
  readonly rules: readonly Rule[];
}

export interface PlacementRequest {
  readonly name: string;
  readonly spec: CompleteSpec;
  /** Where it is now: it stays there unless something speaks against it. */
  readonly current?: Candidate | undefined;
  /** What it begins with, when that is not an image alone. Missing in the oldest records. */
  readonly origin?: Origin | undefined;
}

/** Of a clone: what is copied is copied within a host and a driver. Of a backup: it is for a driver, and on hosts that reach it. */
export interface Origin extends Pick<Candidate, 'driver'> {
  readonly workload: string;
  /** Missing for a backup that every host reaches. */
  readonly host?: string | undefined;
  /** Name of the backup; missing for a clone. */
  readonly backup?: string | undefined;
}

/** What a record was decided from; kept with it, so that it can be decided again. */
export interface PlacementInput {
  readonly snapshot: Snapshot;
  readonly request: PlacementRequest;
}
