import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@innkeeper/client';
import { InnkeeperError } from '@innkeeper/model';
import { host, paths, prefix } from '../integration/installation.ts';

const thisVersion = fileURLToPath(new URL('plane.js', import.meta.url));

/** One of several control planes that share an inventory, in a process of its own. */
export interface Plane {
  readonly pid: number;
  readonly client: Client;
  readonly socket: string;
  runs(): boolean;
  /** The last of what it wrote to its standard error. */
  complaint(): string;
  signal(signal: NodeJS.Signals): void;
  /** How long it waits at each point of an operation. */
  pauseAtPoints(ms: number): void;
  /** Sets its clock forward, or back. */
  shiftClock(ms: number): void;
  /** It has ended, by itself or by a signal. */
  readonly ended: Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

/** Resolves when it answers, or has ended. `program`: another version's plane.js. */
export const startPlane = async (number: number, settings: Settings, program = thisVersion): Promise<Plane> => {
  const socket = `${paths.run}/plane${number}.sock`;
  await host.files.makeDirectory(paths.run, 0o755);
  const log = createWriteStream(`${prefix}/plane${number}.log`, { flags: 'a', mode: 0o600 });
  const child: ChildProcess = spawn(process.execPath, [program], {
    stdio: 'pipe',
    env: {
      PATH: process.env.PATH ?? '',
      HOME: '/root',
      INNKEEPER_PREFIX: prefix,
      INNKEEPER_LISTEN: 'off',
      INNKEEPER_ACCELERATION: 'tcg',
      INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
      INNKEEPER_SOCKET: socket,
      INNKEEPER_LOG_LEVEL: 'warn',
      ...settings,
    },
  });
  let live = true;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      live = false;
      resolve();
    });
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on('data', (said: Buffer) => {
      log.write(said);
      if (said.toString().includes('ready\n')) resolve();
    });
  });
  let complaint = '';
  child.stderr?.on('data', (said: Buffer) => {
    log.write(said);
    complaint = `${complaint}${said}`.slice(-2000);
  });
  child.stdin?.on('error', () => undefined);
  await Promise.race([ready, ended]);
  return {
    pid: child.pid ?? 0,
    client: createClient({ socket }),
    socket,
    runs: () => live,
    complaint: () => complaint,
    signal: (signal) => void child.kill(signal),
    pauseAtPoints: (ms) => void child.stdin?.write(`pause ${ms}\n`),
    shiftClock: (ms) => void child.stdin?.write(`clock ${ms}\n`),
    ended,
  };
};

/** Control planes by their numbers; each may be killed and started again. */
export interface Planes {
  readonly all: readonly Plane[];
  /** Starts those that have ended. */
  restart(): Promise<void>;
  /**
   * Asks one after the other until one answers, as a client with several addresses would; what was refused is thrown. A change
   * needs an Idempotency-Key.
   */
  ask<T>(question: (client: Client) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const patienceMs = 120_000;
const answerMs = 35_000;

/** The connection failed, or the database behind it is away: another one may answer, or the same one later. */
const isAway = (error: unknown): boolean =>
  !(error instanceof InnkeeperError) || error.code === 'unavailable' || error.code === 'transient';

const limited = <T>(work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), answerMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });

export const startPlanes = async (count: number, settings: Settings): Promise<Planes> => {
  const all: Plane[] = [];
  // One after the other: the first brings the database up to date.
  for (let number = 0; number < count; number += 1) all.push(await startPlane(number, settings));
  return {
    all,
    restart: async () => {
      for (const [number, plane] of all.entries()) if (!plane.runs()) all[number] = await startPlane(number, settings);
    },
    ask: async (question) => {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        for (const plane of all.filter((one) => one.runs())) {
          try {
            return await limited(question(plane.client));
          } catch (error) {
            if (!isAway(error) || Date.now() > deadline) throw error;
          }
        }
        if (Date.now() > deadline) throw new Error('no control plane runs');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    stop: async () => {
      for (const plane of all) {
        plane.signal('SIGCONT');
        plane.signal('SIGTERM');
      }
      const late = setTimeout(() => {
        for (const plane of all) plane.signal('SIGKILL');
      }, 20_000);
      await Promise.all(all.map(({ ended }) => ended));
      clearTimeout(late);
    },
  };
};
