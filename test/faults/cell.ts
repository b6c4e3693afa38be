import { setTimeout as delay } from 'node:timers/promises';
import type { WorkloadSpec } from '@innkeeper/model';
import { host, leftOnHost } from '../integration/installation.ts';
import type { SecondHost } from '../integration/second-host.ts';
import type { Fault } from './faults.ts';
import type { Planes } from './planes.ts';
import { asked, clear, ended, name, prepare, type Work } from './work.ts';

export interface Ground {
  readonly planes: Planes;
  readonly databaseUrl: string;
  readonly second: SecondHost | undefined;
}

/** What came of one operation under one fault. */
export interface Outcome {
  /** How the operation that was asked for ended; `repeated`: that it had failed, and was asked for once more. */
  readonly converged: boolean;
  readonly repeated: boolean;
  readonly leaks: readonly string[];
  readonly doubleStarts: number;
  readonly lostAcknowledgements: number;
  readonly problem?: string;
}

/** Processes that hold a container of this name, on whichever host: they all are this machine's. */
const controllers = async (): Promise<number> => {
  const { stdout } = await host.run(['pgrep', '-fc', `libvirt_lxc --name ${name} `], { expect: [0, 1] });
  return Number(stdout.trim());
};

/** Looks at the hosts, not at the database, until it is told to stop; answers how often it saw more than one. */
const watchForDoubles = () => {
  const stop = new AbortController();
  let doubles = 0;
  const watching = (async () => {
    while (!stop.signal.aborted) {
      // A controller forks once on its way: what lasts counts.
      if ((await controllers()) > 1) {
        await delay(150);
        if ((await controllers()) > 1) doubles += 1;
      }
      await delay(100);
    }
  })();
  return async (): Promise<number> => {
    stop.abort();
    await watching;
    return doubles;
  };
};

const settleMs = 60_000;
/** Long enough for a fault to come in the middle of an operation. */
const pauseMs = 250;

/** Until the workload and what is on its host are as they should be; what was wrong last when they never are. */
const untilAsAsked = async ({ planes }: Ground, { after, memoryBytes }: Work): Promise<string | undefined> => {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const view = (await planes.ask((client) => client.workloads())).find((one) => one.name === name);
    const holders = await controllers();
    const state = view?.state ?? 'nothing';
    const fits =
      state === after &&
      holders === (after === 'running' ? 1 : 0) &&
      (memoryBytes === undefined || view?.memoryBytes === memoryBytes);
    if (fits) return undefined;
    if (Date.now() > deadline) return `${state} (${view?.reason ?? ''}) with ${holders} processes instead of ${after}`;
    await delay(200);
  }
};

/** A guest that ended by a fault and not by a wish is shown, and started by who wants it: `restart` is not asked for here. */
const wantedAgain = async ({ planes }: Ground, work: Work): Promise<void> => {
  if (work.after !== 'running') return;
  const view = await planes.ask((client) => client.workload(name));
  if (view.state !== 'stopped') return;
  const operation = await asked(planes, (client, idempotencyKey) => client.act(name, 'start', { idempotencyKey }));
  if (operation !== undefined) await ended(planes, operation);
};

const leaksOf = async ({ planes, second }: Ground): Promise<string[]> => {
  const left = await leftOnHost();
  const hosts = await planes.ask((client) => client.hosts());
  const claimed = hosts.flatMap(({ name: on, capacity }) =>
    capacity.claimed.memoryBytes === 0 && capacity.claimed.cpus === 0 ? [] : [`claims on ${on}`],
  );
  const far =
    second === undefined
      ? []
      : (await second.host.files.readText('/proc/self/mountinfo'))
          .split('\n')
          .filter((line) => line.includes(' - overlay '));
  const ownFileSystem = / \/\S+\/roots rw\S* .*- tmpfs /;
  return [...left.filter((line) => !ownFileSystem.test(line)), ...claimed, ...far];
};

/** One operation while a fault happens, what it comes to, and everything taken away again. */
export const runCell = async (ground: Ground, fault: Fault, work: Work, spec: WorkloadSpec): Promise<Outcome> => {
  const { planes } = ground;
  await prepare(planes, work, spec);
  const stopWatching = watchForDoubles();
  for (const plane of planes.all) plane.pauseAtPoints(pauseMs);
  const { ask } = work;
  const question = ask && ((client: Parameters<typeof ask>[0], key: string) => ask(client, spec, key));
  let [repeated, lost] = [false, 0];
  let problem: string | undefined;
  try {
    const operation = question && (await asked(planes, question));
    await delay(Math.random() * 1200);
    await fault.happen({ ...ground, operation });
    if (operation !== undefined) {
      // That it was accepted is a promise: it is there, and comes to an end.
      const { state, error } = await ended(planes, operation).catch((thrown: unknown) => {
        lost = 1;
        throw thrown;
      });
      if (state !== 'done' && question !== undefined) {
        repeated = true;
        const again = await asked(planes, question);
        const second = again && (await ended(planes, again));
        if (second !== undefined && second.state !== 'done')
          problem = `${second.state} twice: ${error?.detail}; ${second.error?.detail}`;
      }
    }
    if (problem === undefined) {
      await delay(fault.endsGuest === true ? 5000 : 500);
      await wantedAgain(ground, work);
      problem = await untilAsAsked(ground, work);
    }
  } catch (thrown) {
    problem = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const doubleStarts = await stopWatching();
  for (const plane of planes.all) plane.pauseAtPoints(0);
  await clear(planes);
  const leaks = await leaksOf(ground);
  return {
    converged: problem === undefined,
    repeated,
    leaks,
    doubleStarts,
    lostAcknowledgements: lost,
    ...(problem === undefined ? {} : { problem }),
  };
};
