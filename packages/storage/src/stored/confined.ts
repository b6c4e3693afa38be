import type { Host, RunOptions, RunResult } from '@innkeeper/host';
import { programText } from '../program.ts';

const confinedProgram = programText('confined.pl');

/** Bytes and seconds that a program may take before the kernel ends it. */
export interface Bounds {
  readonly memoryBytes?: number;
  readonly cpuSeconds?: number;
  /** Of any file that it writes. */
  readonly fileBytes?: number;
}

const boundWords = ({ memoryBytes, cpuSeconds, fileBytes }: Bounds): string[] => {
  const words = [
    ...(memoryBytes === undefined ? [] : [`--as=${memoryBytes}`]),
    ...(cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}`]),
    ...(fileBytes === undefined ? [] : [`--fsize=${fileBytes}`]),
  ];
  return words.length === 0 ? [] : ['prlimit', ...words, '--'];
};

/**
 * Runs a program on what strangers have made. It can write below `folder` and nowhere else, reaches no network, and has none
 * of root's powers but those over owners and modes.
 */
export const runConfined = async (
  host: Host,
  folder: string,
  command: readonly string[],
  { bounds = {}, ...options }: RunOptions & { readonly bounds?: Bounds } = {},
): Promise<RunResult> =>
  host.run(['perl', '-e', await confinedProgram(), folder, ...boundWords(bounds), ...command], options);
