import type { Host } from '@innkeeper/host';
import type { Backend, DriverReport, GuestObservation, GuestStats, Paths, SpecField } from '@innkeeper/model';
import type { BackupGroup } from './backup-group.ts';
import type { HeldNetwork } from './claims.ts';
import type {
  AdoptGroup,
  CloneGroup,
  ConsoleGroup,
  EndingGroup,
  ExecGroup,
  ExportGroup,
  FilesGroup,
  HostGroup,
  ImportGroup,
  NetworkGroup,
  PauseGroup,
  PoolGroup,
  RenameGroup,
  ScreenGroup,
  SnapshotGroup,
} from './groups.ts';
import type { GuestOrder, GuestPlan, GuestRef, Step } from './order.ts';

export type * from './backup-group.ts';
export type * from './groups.ts';
export type * from './order.ts';

/** The version of this contract; a driver for another one is not loaded. */
export const contractVersion = '1';

export interface DriverInfo {
  readonly id: string;
  readonly backend: Backend;
  readonly contract: string;
  /** False for a driver that shows and adopts guests but creates none. */
  readonly placeable: boolean;
}

/** What a driver is given besides the host: where its things lie, and settings of the host. */
export interface DriverEnvironment {
  readonly host: Host;
  readonly paths: Paths;
  readonly acceleration: 'auto' | 'kvm' | 'tcg';
  /** How long one call to libvirt may take; 30 when it is not given. */
  readonly libvirtSeconds?: number;
  readonly imageMirror: string | undefined;
  readonly imageCache: string | undefined;
}

export interface StopRequest {
  readonly mode: 'graceful' | 'force';
  /** How long a graceful stop may take before it is forced. */
  readonly timeoutMs: number;
}

export interface GuestEvent {
  /** `gap`: events may have been lost; read everything again. */
  readonly kind: 'guest' | 'gap';
  readonly name?: string;
  readonly text?: string;
  /** It began anew without having stopped, as its own system asked; its state does not show that. */
  readonly rebooted?: boolean;
}

/**
 * What became of each field of the specification that differs from what the guest had: it acts now, or from its next
 * start on. `definition` stands for all that has no field of its own.
 */
export type Reconfigured = Readonly<Partial<Record<SpecField | 'definition', 'applied' | 'needs-restart'>>>;

/** A driver bound to one host. Errors are InnkeeperErrors: unsupported, conflict, not_found, transient, fenced or host_error. */
export interface Driver
  extends Partial<ExecGroup>,
    Partial<FilesGroup>,
    Partial<ConsoleGroup>,
    Partial<PauseGroup>,
    Partial<RenameGroup>,
    Partial<SnapshotGroup>,
    Partial<CloneGroup>,
    Partial<BackupGroup>,
    Partial<ScreenGroup>,
    Partial<EndingGroup>,
    Partial<HostGroup>,
    Partial<NetworkGroup>,
    Partial<PoolGroup>,
    Partial<AdoptGroup>,
    Partial<ExportGroup>,
    Partial<ImportGroup> {
  info(): DriverInfo;
  /** Health, versions and capabilities with evidence. Never throws for a backend that is not there: it reports it. */
  probe(): Promise<DriverReport>;
  /** Hints that something changed; a reader resynchronises with `list`. */
  watch(signal: AbortSignal): AsyncIterable<GuestEvent>;
  /** All guests, foreign ones too, in a number of calls that does not grow with the guests. */
  list(): Promise<GuestObservation[]>;
  /** One guest, without a look at any other; undefined when there is none. */
  inspect(guest: GuestRef): Promise<GuestObservation | undefined>;
  stats(guests: readonly GuestRef[]): Promise<Map<string, GuestStats>>;
  /** Pure. Throws `unsupported` for an order that no definition of this driver can express. */
  plan(order: GuestOrder): GuestPlan;
  /** From nothing to a defined guest that does not run. */
  create(plan: GuestPlan): readonly Step[];
  /**
   * What follows the first start and what the guest does not wait for. A container has its addresses from its definition:
   * telling the DHCP server takes libvirt half a second, three times as long as everything else together.
   */
  settle(plan: GuestPlan): readonly Step[];
  /** Mounts what the guest stands on and starts it; one that runs already is success, one that is paused goes on. */
  start(guest: GuestRef): Promise<void>;
  /** Stopped afterwards, in any case, also from paused. */
  stop(guest: GuestRef, request: StopRequest, signal: AbortSignal): Promise<void>;
  /** From whatever there is to nothing. `disks: 'keep'` leaves the disk or upper layer. The claims come from the caller: the definition that holds them may be gone already. */
  destroy(guest: GuestRef, networks: readonly HeldNetwork[], disks: 'keep' | 'delete'): readonly Step[];
  /**
   * Changes a guest to another plan. Throws `conflict` for what a running guest cannot be given now, such as less memory
   * than it uses: nothing of it is changed then.
   */
  reconfigure(plan: GuestPlan): Promise<Reconfigured>;
}

/** What a driver package exports. */
export interface DriverFactory {
  readonly id: string;
  readonly backend: Backend;
  open(environment: DriverEnvironment): Driver;
}
