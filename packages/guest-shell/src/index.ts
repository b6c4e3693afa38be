export { shellFiles, shellPort } from './program.ts';
export { openShells, type Shells, type ShellsOptions } from './shells.ts';
export type { ShellProgram } from './start.ts';
