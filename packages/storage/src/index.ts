export { exportSent, importSent } from './backups/exported.ts';
export { type HeldFiles, openHeld, type ShownFile } from './backups/held.ts';
export { imageOfRoot } from './backups/image.ts';
export {
  machineMoment,
  type ReceivedMachine,
  receiveMachine,
  removeMachineMoment,
  removeReceivedMachine,
  viewMachineMoment,
  volumesOfMachineMoment,
} from './backups/machine-backup.ts';
export { imageOfMachine, kernelOfMachine } from './backups/machine-image.ts';
export * from './backups/repository.ts';
export type { Repository } from './backups/restic.ts';
export * from './backups/root-backup.ts';
export { renameInside, renewIdentity } from './clone-identity.ts';
export * from './container-profile.ts';
export * from './container-root.ts';
export * from './disk.ts';
export type { BuildOptions } from './image-build.ts';
export * from './image-store.ts';
export { layout } from './layout.ts';
export * from './machine-clone.ts';
export type { MachineState } from './machine-parts.ts';
export * from './machine-snapshots.ts';
export * from './mount-hook.ts';
export { isMounted, mountsBelow } from './mounts.ts';
export { containerOwnBytes, diskOwnBytes, type OwnBytes } from './own-bytes.ts';
export { addPool, removePool, removePools } from './pools/pool.ts';
export { reportPools } from './pools/probe.ts';
export * from './root-clone.ts';
export * from './root-files.ts';
export * from './root-snapshots.ts';
export * from './seed.ts';
export type { ListedSnapshot, SnapshotNote } from './snapshot-folder.ts';
export { changeSnapshotNote } from './snapshot-note.ts';
export { type HeldSource, type ImageLibrary, type ImportRequest, imageLibrary } from './stored/library.ts';
export type { ImageRecord, ImageSourceRecord, VariantRecord } from './stored/record.ts';
export { sweepImages } from './stored/sweep.ts';
export type { Work } from './stored/work.ts';
export * from './volumes.ts';
