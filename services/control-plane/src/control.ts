import type { Driver, GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type Inventory, insertEvent, type NewEvent } from '@innkeeper/inventory';
import { InnkeeperError, type NewHost } from '@innkeeper/model';
import type { Logger } from 'pino';
import type { Refusals } from './access/refusals.ts';
import type { Trail } from './access/trail.ts';
import type { Config } from './config.ts';
import type { ImageJobs } from './images/jobs.ts';
import type { Lease } from './operations/lease.ts';

/** A host with its drivers opened. */
export interface ManagedHost {
  readonly name: string;
  readonly host: Host;
  readonly drivers: ReadonlyMap<string, Driver>;
  /** Fires when it is managed no longer: what was read of it then is not written. */
  readonly gone: AbortSignal;
}

/** Changes which hosts are managed. */
export interface Fleet {
  /** Connects and looks before anything is stored. Throws, saying what to do, when the host is not fit. */
  add(host: NewHost): Promise<string>;
  /** Throws `conflict` naming the workloads that are still there. */
  remove(name: string, trail: Trail): Promise<void>;
}

/** What every part of the control plane is given. */
export interface Control {
  readonly config: Config;
  readonly inventory: Inventory;
  readonly installation: string;
  /** Of this process, one of those that share the inventory. */
  readonly lease: Lease;
  /** Takes the place of another installation; the inventory has its id already. */
  readonly become: (installation: string) => void;
  readonly hosts: ReadonlyMap<string, ManagedHost>;
  readonly log: Logger;
  /** Of clients that were not known. */
  readonly refusals: Refusals;
  /** Reads the guests of a host now, or of one of its drivers; resolves when the inventory has them. */
  readonly observe: (host: string, driver?: string) => Promise<void>;
  /** Reads one guest of a driver of a host now; resolves when the inventory has it. */
  readonly observeGuest: (host: string, driver: string, guest: GuestRef) => Promise<void>;
  readonly fleet: Fleet;
  /** Imports, pulls and refreshes of this process. */
  readonly imageJobs: ImageJobs;
  /** Reads what a host and its drivers can do, and what is taken on its networks. */
  readonly probe: (host: string) => Promise<void>;
  /** Has a host find its guests by their names, as its operator wants; `again` when it may have forgotten. */
  readonly nameGuests: (host: string, again?: boolean) => Promise<void>;
  /** Tells who listens, in all processes, that events were written or that this operation has ended or was put aside. */
  readonly announce: (operation?: string) => void;
  /** Something has changed that could help an operation that waits: those who do are looked at soon. */
  readonly wakeWaiting: () => void;
  /** Looks soon at what workloads do by themselves: `restart`, `ephemeral`, `ttl`, `readiness`. */
  readonly tendLives: () => void;
}

export const driverOf = (control: Control, host: string, driver: string): Driver => {
  const found = control.hosts.get(host)?.drivers.get(driver);
  if (found === undefined)
    throw new InnkeeperError('unavailable', `The driver ${driver} of the host ${host} is not loaded`);
  return found;
};

export const tell = async (control: Control, event: NewEvent): Promise<void> => {
  await insertEvent(control.inventory.db, event);
  control.announce();
};
