import type { Host } from '@innkeeper/host';
import { waitFor } from './wait.ts';

/** A running process, told apart from a later one with the same pid by the time it started. */
export interface ProcessFacts {
  readonly pid: number;
  /** Name of the program, at most 15 characters (`comm`). */
  readonly command: string;
  readonly argv: readonly string[];
  /** Clock ticks since the machine's start. */
  readonly startTicks: number;
}

/** `comm` stands in parentheses and may contain both blanks and parentheses, so fields are counted from its end. */
export const parseStat = (stat: string): { command: string; state: string; startTicks: number } | undefined => {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = stat.slice(close + 2).split(' ');
  const [state, startTicks] = [fields[0], Number(fields[19])];
  if (state === undefined || !Number.isSafeInteger(startTicks)) return undefined;
  return { command: stat.slice(open + 1, close), state, startTicks };
};

/** Undefined when there is no such process or only its zombie is left. */
export const findProcess = async (host: Host, pid: number): Promise<ProcessFacts | undefined> => {
  try {
    const stat = parseStat((await host.files.readTextIfThere(`/proc/${pid}/stat`)) ?? '');
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    const cmdline = (await host.files.readTextIfThere(`/proc/${pid}/cmdline`)) ?? '';
    return { pid, command: stat.command, argv: cmdline.split('\0').slice(0, -1), startTicks: stat.startTicks };
  } catch (error) {
    // A process that ends while its files are read answers ESRCH.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return undefined;
    throw error;
  }
};

/** The pid that stands on a pid file's first line. */
export const readPid = async (host: Host, pidFile: string): Promise<number | undefined> => {
  const pid = Number((await host.files.readTextIfThere(pidFile))?.split('\n', 1)[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
};

const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

const isGone = async (host: Host, known: ProcessFacts): Promise<true | undefined> =>
  (await findProcess(host, known.pid))?.startTicks === known.startTicks ? undefined : true;

interface Ending {
  readonly graceMs: number;
  /** Default SIGTERM. */
  readonly first?: NodeJS.Signals;
  /** For a process that is still there after `graceMs`. Default SIGKILL. */
  readonly last?: NodeJS.Signals;
}

/** Asks a process to end, then makes it. A later process with the same pid is left alone. */
export const endProcess = async (host: Host, known: ProcessFacts, ending: Ending): Promise<'ended' | 'killed'> => {
  if (await isGone(host, known)) return 'ended';
  sendSignal(known.pid, ending.first ?? 'SIGTERM');
  if (await waitFor(() => isGone(host, known), { limitMs: ending.graceMs, everyMs: 50 })) return 'ended';
  sendSignal(known.pid, ending.last ?? 'SIGKILL');
  await waitFor(() => isGone(host, known), { limitMs: 5000, everyMs: 50 });
  return 'killed';
};
