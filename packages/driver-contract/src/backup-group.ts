import type { GuestPlan, GuestRef, Step, StepContext } from './order.ts';

/** Programs see what a guest holds, or is to hold, in their working directory. */
export interface HeldView {
  /** A program that runs another, which follows these words. */
  readonly words: readonly string[];
  /** Names of what is there. */
  readonly entries: readonly string[];
}

/** The image that a guest stands on, as it lies on its host. */
export interface HeldImage {
  /** A SHA-256 that no image with another content has. */
  readonly identity: string;
  readonly folder: string;
  /** Names of what belongs to it there. */
  readonly entries: readonly string[];
}

export interface BackupOrder {
  readonly id: string;
  /** Whether the guest ran when it was asked for: one that a kill left frozen goes on then. */
  readonly ran: boolean;
}

/** What a guest is made of that was backed up, by whoever, on whichever host. */
export interface BackupOrigin {
  /** What its workload was called. */
  readonly former: string;
  /** Somebody else may still be who it was: it becomes another one before its first start. */
  readonly fresh: boolean;
  /** {@link HeldImage.identity}; undefined for a guest that stands on none. */
  readonly image: string | undefined;
  /** Names of the volumes that are in it. */
  readonly volumes: readonly string[];
  /** Brings what {@link HeldImage.entries} named into a folder. */
  readonly bringImage: (folder: string, context: StepContext) => Promise<void>;
  /** Brings what {@link HeldView.entries} named, without what the caller had put beside it. */
  readonly bringHeld: (view: HeldView, context: StepContext) => Promise<void>;
}

/**
 * Optional group, present when the driver reports the capability `backup`. What a guest holds is told apart from where it lies: ids are
 * those that it has inside, so that another host, or another range of ids, can hold it. All throw `conflict` for a guest that is not ours
 * or was adopted, `unsupported` naming what would not be held with the rest.
 */
export interface BackupGroup {
  /** A copy of what the guest holds, volumes too, of one moment; one that runs may stand still meanwhile. */
  backup(guest: GuestRef, order: BackupOrder): readonly Step[];
  /** The copy, with texts beside it under these names. Throws `not_found` without one. */
  backupView(guest: GuestRef, id: string, beside: Readonly<Record<string, string>>): Promise<HeldView>;
  /** Undefined for a guest that stands on none. */
  backupImage(guest: GuestRef): Promise<HeldImage | undefined>;
  /** Names of the volumes that are in the copy. */
  backupVolumes(guest: GuestRef, id: string): Promise<readonly string[]>;
  /** The copy goes; none there is success. */
  settleBackup(guest: GuestRef, id: string): readonly Step[];
  /** Instead of `create`: a guest that begins with what another one held. Nothing of it is there when its first step is undone. */
  receive(plan: GuestPlan, origin: BackupOrigin): readonly Step[];
}
