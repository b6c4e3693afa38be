import type { Duplex } from 'node:stream';
import type { HostProcess } from '@innkeeper/host';
import type { Adoptable, GuestEnding, NetworkMode, NewPool, Ownership, SnapshotNote, Subnet } from '@innkeeper/model';
import type { HeldNetwork } from './claims.ts';
import type { GuestPlan, GuestRef, Step } from './order.ts';

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

export interface SnapshotOrder extends SnapshotNote {
  /** Whether the guest ran when it was asked for: one that a kill left frozen goes on then. */
  readonly ran: boolean;
}

/** What people call a snapshot, and say of it. */
export type SnapshotWords = Pick<SnapshotNote, 'name' | 'description'>;

/** A snapshot that is whole, as it lies on the host. */
export interface HeldSnapshot extends SnapshotNote {
  /** That it takes on the disk; what it shares with others may be counted in each. */
  readonly sizeBytes: number;
}

/**
 * Optional group, present when the driver reports the capability `snapshots`. A snapshot is all that a guest holds, volumes
 * too, at one moment; its definition is not in it. It goes with the guest. All throw `conflict` for a guest that is not ours, and
 * for one that was adopted.
 */
export interface SnapshotGroup {
  /**
   * Keeps what the guest holds now, whether it runs, is paused or stopped, and leaves it so; one that runs may stand still
   * meanwhile. Half of one is never listed. Throws `unsupported` naming what could not be kept with the rest.
   */
  snapshot(guest: GuestRef, order: SnapshotOrder): readonly Step[];
  /**
   * A guest that does not run holds again exactly what it held then. What it held until now is kept for the undo, until
   * `settleRestore`. Throws `conflict` while it runs, `not_found` without such a snapshot.
   */
  restore(guest: GuestRef, snapshot: string): readonly Step[];
  /** What a restore kept for its undo goes; the guest may run by now. */
  settleRestore(guest: GuestRef, snapshot: string): readonly Step[];
  /** Others stay whole, whichever was made from which. Nothing there is success. */
  removeSnapshot(guest: GuestRef, snapshot: string): readonly Step[];
  /**
   * Its note on the host says another name or description; an empty description is none. Repeatable. Throws `not_found` without such
   * a snapshot.
   */
  noteSnapshot(guest: GuestRef, snapshot: string, change: SnapshotWords): Promise<void>;
  /** Those that are whole. */
  snapshots(guest: GuestRef): Promise<readonly HeldSnapshot[]>;
}

/** What a guest begins with. */
export interface CloneOrigin {
  /** Of the same driver and host, and made by it. */
  readonly guest: GuestRef;
  /** Id of one of its snapshots; undefined: what it holds now. */
  readonly snapshot?: string | undefined;
  /** Whether it ran when it was asked for: one that a kill left frozen goes on then. */
  readonly ran: boolean;
}

/** Optional group, present when the driver reports the capability `clone`. */
export interface CloneGroup {
  /**
   * Instead of `create`: a guest that begins with a copy of what another one holds, or held, volumes too, and is somebody else from
   * its first start on: its name, the id of its machine, keys of its SSH server. The other stays as it is; one that runs may stand
   * still during the first step, which alone needs it. Throws `not_found` without such a snapshot, `conflict` for a guest that is not
   * ours or was adopted, `unsupported` naming what could not be copied with the rest.
   */
  clone(plan: GuestPlan, origin: CloneOrigin): readonly Step[];
}

/**
 * Optional group, present when the driver reports the capability `adopt`. An adopted guest is started, stopped and looked
 * into as any other; `destroy`, `rename` and `reconfigure` throw `conflict` for it and change nothing: what it is and
 * what it stands on are its owner's.
 */
export interface AdoptGroup {
  /** What an adoption would find, changing nothing. Throws `not_found` without such a guest. */
  adoptable(guest: GuestRef): Promise<Adoptable>;
  /**
   * Makes a foreign guest ours where it stands: it runs on, keeps its id, and nothing of it changes but whose it is. With
   * `autostart: true` in the specification its backend no longer starts it at boot, which `release` puts back; the driver
   * keeps that in `adopted.tookAutostart`. Repeatable for the same workload, also with another specification. Throws
   * `not_found` without such a guest, `conflict` when it is another workload's, or one that would vanish when it stops.
   */
  adopt(guest: GuestRef, ownership: Ownership): Promise<void>;
  /**
   * Gives an adopted guest back: it runs on, and everything about it is byte by byte what it was before `adopt`. One that
   * is foreign is success. Throws `conflict` for a guest that was created, not adopted.
   */
  release(guest: GuestRef): Promise<void>;
}

/** Ids from `start` inside are ids from `target` of the host. */
export interface IdMap {
  readonly start: number;
  readonly target: number;
  readonly count: number;
}

/** A container that stands on a directory of its host, without the words of the backend that it is of. */
export interface PortableContainer {
  readonly name: string;
  /** The directory that is its root, with owners as they are. */
  readonly root: string;
  /** A path inside, and its arguments. */
  readonly init: readonly string[];
  readonly cpus: number | undefined;
  /** Undefined without a limit, which not every backend can express. */
  readonly memoryBytes: number | undefined;
  /** Of both empty: its root is the host's. */
  readonly ids: { readonly uid: readonly IdMap[]; readonly gid: readonly IdMap[] };
  readonly interfaces: readonly PortableInterface[];
  readonly mounts: readonly PortableMount[];
  readonly autostart: boolean;
  /** What it says besides, which has no meaning elsewhere: told to whoever converts it. */
  readonly lost: readonly string[];
}

export interface PortableInterface {
  readonly mac: string;
  /** A network of libvirt, where the bridge is that of one; else the bridge. */
  readonly network?: string | undefined;
  readonly bridge: string;
  /** With the prefix: `10.0.3.7/24`. */
  readonly addresses: readonly string[];
  readonly gateway?: string | undefined;
}

export interface PortableMount {
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
}

/**
 * Optional group, present when the driver reports the capability `convert.from`: its guests can become those of a driver
 * with {@link ImportGroup}. All can be repeated.
 */
export interface ExportGroup {
  /** Throws `conflict` while it runs, `unsupported` naming what cannot be carried over. */
  portable(guest: GuestRef): Promise<PortableContainer>;
  /** From now on it is no guest of this driver, and everything of it is kept. */
  setAside(guest: GuestRef): Promise<void>;
  /** As it was before `setAside`. */
  putBack(guest: GuestRef): Promise<void>;
  /** What `setAside` kept is deleted; what the guest stands on is another's by now. */
  discard(guest: GuestRef): Promise<void>;
}

/** Optional group, present when the driver reports the capability `convert.to`. Both can be repeated. */
export interface ImportGroup {
  /** Defines it as an adopted guest that does not run, on the directory that it stands on already. */
  importContainer(container: PortableContainer, uuid: string, ownership: Ownership): Promise<void>;
  /** Takes the definition away again, and nothing else. Throws `conflict` while it runs. */
  forgetImported(guest: GuestRef): Promise<void>;
}

/** A network of the inventory, as a host is to have it. */
export interface HostNetwork {
  readonly name: string;
  readonly uuid: string;
  readonly mode: NetworkMode;
  /** Of modes nat and isolated. */
  readonly subnet?: Subnet | undefined;
  /** Beside it: the prefix's length and the host's own address. */
  readonly ipv6?: { readonly gateway: string; readonly prefix: number } | undefined;
  /** Of mode bridge. */
  readonly bridge?: string | undefined;
  /** Of mode macvtap. */
  readonly link?: string | undefined;
}

/** Optional group, present when the driver reports the capability `network.define`. Both can be repeated. */
export interface NetworkGroup {
  /** Running afterwards, also after a reboot. Throws `conflict` for a network of the name that is not this one. */
  ensureNetwork(network: HostNetwork): Promise<void>;
  /** Not there is success; a network of the name with another id is left alone. */
  removeNetwork(network: Pick<HostNetwork, 'name' | 'uuid'>): Promise<void>;
}

/** Optional group, present when the driver reports the capability `pools`. Both can be repeated, and are about the host's, not the driver's own. */
export interface PoolGroup {
  /**
   * Makes a directory of the host a pool, or takes back one that was a pool of the name before. Throws `not_found` without such a
   * directory, `conflict` naming what stands in the way.
   */
  addPool(pool: NewPool): Promise<void>;
  /** Not there is success. Throws `conflict` while anything of a guest is in it. */
  removePool(name: string): Promise<void>;
  /** Throws `host_error` while what a guest stands on is in a pool that is away. Asked before anything is done with what it holds. */
  reach(guest: GuestRef): Promise<void>;
}

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
