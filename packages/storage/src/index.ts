export * from './container-root.ts';
export * from './disk.ts';
export type { BuildOptions } from './image-build.ts';
export * from './image-store.ts';
export { layout } from './layout.ts';
export * from './mount-hook.ts';
export { isMounted, mountsBelow } from './mounts.ts';
export * from './own-bytes.ts';
export * from './volumes.ts';
