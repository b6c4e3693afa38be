import type { Duplex } from 'node:stream';
import type { Host, HostProcess } from '@innkeeper/host';
import type {
  Backend,
  CompleteSpec,
  DriverReport,
  GuestEnding,
  GuestObservation,
  GuestStats,
  NetworkMode,
  Ownership,
  Paths,
  SpecField,
  Subnet,
  WorkloadSpec,
} from '@innkeeper/model';

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

/** One guest that a driver is to make: intent, identity and what has been claimed for it. */
export interface GuestOrder {
  readonly name: string;
  readonly uuid: string;
  readonly spec: CompleteSpec;
  /** What the user set, for the metadata. */
  readonly stored: WorkloadSpec;
  readonly ownership: Omit<Ownership, 'spec' | 'claims'>;
  readonly claims: GuestClaims;
  readonly report: DriverReport;
}

export interface GuestClaims {
  /** First id of the range of 65,536 that is this guest's alone; drivers with shared kernels need it. */
  readonly uidStart: number;
  readonly networks: readonly NetworkClaim[];
  /** What it held and gives up with this order; the caller lets nobody else have them before it is carried out. */
  readonly leaving?: readonly HeldNetwork[] | undefined;
}

export interface NetworkClaim {
  readonly network: string;
  readonly mac: string;
  /** With prefix length and gateway, when the inventory gave an address. */
  readonly address?: { readonly ip: string; readonly prefix: number; readonly gateway: string } | undefined;
}

/** What of a network a guest held, for giving it back. */
export interface HeldNetwork extends Pick<NetworkClaim, 'network' | 'mac'> {
  readonly address?: { readonly ip: string } | undefined;
}

/** What would be done, as data: golden-testable, shown by plan. */
export interface GuestPlan {
  readonly name: string;
  readonly uuid: string;
  /** How limits and devices of the specification are expressed on this backend, in sentences. */
  readonly mapping: readonly string[];
  readonly warnings: readonly string[];
  /** The driver's own: definition and storage actions. JSON, since it is journaled. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** What a step is given. `fence` grows each time an operation changes hands. */
export interface StepContext {
  readonly signal: AbortSignal;
  readonly fence: number;
  readonly progress: (text: string) => void;
}

/**
 * A step of an operation. Both functions can be repeated: after a kill nobody knows how far they came.
 * A step without undo says why in `noUndo`.
 */
export interface Step {
  readonly name: string;
  readonly run: (context: StepContext) => Promise<void>;
  readonly undo?: (context: StepContext) => Promise<void>;
  readonly noUndo?: string;
}

export interface GuestRef {
  readonly uuid: string;
  readonly name: string;
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

export interface ExecOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** A name or number of the guest; its root when nothing is said. */
  readonly user?: string | undefined;
  readonly tty: { readonly cols: number; readonly rows: number } | undefined;
}

/**
 * Optional group, present when the driver reports the capability `exec`. Without `exec.stream` a command gets its input
 * at once and gives its output at its end; without `exec.tty` there is no terminal, and asking for one is `unsupported`. A
 * driver that has them may have guests without, which are used and answer as if it had not.
 */
export interface ExecGroup {
  exec(guest: GuestRef, options: ExecOptions): Promise<HostProcess>;
}

/** Optional group, present when the driver reports the capability `files.stopped`. */
export interface FilesGroup {
  /**
   * Runs a program of the guest's own on its files while the guest does not run: as its root, with its ids, and nothing of
   * the host in sight, so that no link leads out of the guest. Nothing is left of it, however it ends. A guest that is
   * started meanwhile starts as always, and sees what the program writes.
   */
  onFiles(guest: GuestRef, command: readonly string[]): Promise<HostProcess>;
}

export interface ConsoleStream {
  /** What was printed before, at most the last 64 KiB. */
  readonly history: Uint8Array;
  /** Undefined while the guest does not run. */
  readonly live: Duplex | undefined;
}

/** Optional group, present when the driver reports the capability `console`. */
export interface ConsoleGroup {
  console(guest: GuestRef): Promise<ConsoleStream>;
  /**
   * The last 64 KiB of what was printed; without the capability `console.history` nothing. A driver may need `watch` to be
   * followed, and `list` to be asked after each of its events, to hear all of it.
   */
  consoleHistory(guest: GuestRef): Promise<Uint8Array>;
}

export interface Picture {
  readonly bytes: Uint8Array;
  /** Media type, such as `image/png`. */
  readonly type: string;
}

/** Optional group, present when the driver reports the capability `screen`. All throw `conflict` for a guest that does not run. */
export interface ScreenGroup {
  /** The screen as RFB (RFC 6143), from its first byte; `unsupported` for a guest without one. */
  screen(guest: GuestRef): Promise<Duplex>;
  screenshot(guest: GuestRef): Promise<Picture>;
  /** Keys pressed together, by their Linux names such as KEY_LEFTCTRL. */
  sendKeys(guest: GuestRef, keys: readonly string[]): Promise<void>;
}

/** Optional group, present when the driver reports the capability `pause`. */
export interface PauseGroup {
  /** Freezes a running guest where it is; paused already is success. Throws `conflict` for one that does not run. */
  pause(guest: GuestRef): Promise<void>;
  /** Lets it go on; running already is success. Throws `conflict` for one that is neither. */
  resume(guest: GuestRef): Promise<void>;
}

/** Optional group, present when the driver reports the capability `rename`. */
export interface RenameGroup {
  /**
   * Gives a guest that does not run another name; everything else of it stays, its id too. The claims tell which entries
   * of DHCP servers carry the name. Throws `conflict` while it runs, and when another guest of the backend has the name.
   */
  rename(guest: GuestRef, to: string, networks: readonly HeldNetwork[]): readonly Step[];
}

/** Optional group, present when the driver reports the capability `adopt`. */
export interface AdoptGroup {
  /**
   * Makes a foreign guest ours where it stands: it runs on, keeps its id, and nothing of it changes but whose it is.
   * Repeatable for the same workload. Throws `not_found` without such a guest, `conflict` when it is another workload's.
   */
  adopt(guest: GuestRef, ownership: Ownership): Promise<void>;
  /**
   * Gives an adopted guest back: it runs on, and everything about it is byte by byte what it was before `adopt`. One that
   * is foreign is success. Throws `conflict` for a guest that was created, not adopted.
   */
  release(guest: GuestRef): Promise<void>;
}

/** A network of the inventory, as a host is to have it. */
export interface HostNetwork {
  readonly name: string;
  readonly uuid: string;
  readonly mode: NetworkMode;
  /** Of modes nat and isolated. */
  readonly subnet?: Subnet | undefined;
  /** Of mode bridge. */
  readonly bridge?: string | undefined;
}

/** Optional group, present when the driver reports the capability `network.define`. Both can be repeated. */
export interface NetworkGroup {
  /** Running afterwards, also after a reboot. Throws `conflict` for a network of the name that is not this one. */
  ensureNetwork(network: HostNetwork): Promise<void>;
  /** Not there is success; a network of the name with another id is left alone. */
  removeNetwork(network: Pick<HostNetwork, 'name' | 'uuid'>): Promise<void>;
}

/**
 * What became of each field of the specification that differs from what the guest had: it acts now, or from its next
 * start on. `definition` stands for all that has no field of its own.
 */
export type Reconfigured = Readonly<Partial<Record<SpecField | 'definition', 'applied' | 'needs-restart'>>>;

/** Optional group, present in a driver whose backend tells how a guest ended. */
export interface EndingGroup {
  /** Of guests that do not run, by UUID; one that vanished is missing. A number of calls that does not grow with the guests. */
  endings(guests: readonly GuestRef[]): Promise<Map<string, GuestEnding>>;
}

/** Optional group of a driver that needs something of its own on a host besides packages. Both can be repeated. */
export interface HostGroup {
  /** When the host is added. */
  install(): Promise<void>;
  /** When it is removed, with no guests of ours left. */
  uninstall(): Promise<void>;
}

/** A driver bound to one host. Errors are InnkeeperErrors: unsupported, conflict, not_found, transient, fenced or host_error. */
export interface Driver
  extends Partial<ExecGroup>,
    Partial<FilesGroup>,
    Partial<ConsoleGroup>,
    Partial<PauseGroup>,
    Partial<RenameGroup>,
    Partial<ScreenGroup>,
    Partial<EndingGroup>,
    Partial<HostGroup>,
    Partial<NetworkGroup>,
    Partial<AdoptGroup> {
  info(): DriverInfo;
  /** Health, versions and capabilities with evidence. Never throws for a backend that is not there: it reports it. */
  probe(): Promise<DriverReport>;
  /** Hints that something changed; a reader resynchronises with `list`. */
  watch(signal: AbortSignal): AsyncIterable<GuestEvent>;
  /** All guests, foreign ones too, in a number of calls that does not grow with the guests. */
  list(): Promise<GuestObservation[]>;
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
