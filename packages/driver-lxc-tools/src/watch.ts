import { setTimeout as delay } from 'node:timers/promises';
import { type GuestEvent, merged } from '@innkeeper/driver-contract';
import { type Host, leaseFiles } from '@innkeeper/host';
import { lxcPath } from './layout.ts';

const lookAgainMs = 20;
const connectMs = 5000;
/** Until a monitor that ended is started again: LXC may be being upgraded. */
const againMs = 10_000;

/** Clients of the monitor's daemon, which listens on an abstract socket named by a hash and lxcpath; 03 is connected. */
const connections = async (host: Host): Promise<number> =>
  (await host.files.readText('/proc/net/unix'))
    .split('\n')
    .filter((row) => / 03 +\d+ @lxc\//.test(row) && row.endsWith(`/${lxcPath}`)).length;

/** The monitor does not say when it is listening: until its connection is there, what happens would be missed. */
const untilConnected = async (host: Host, before: number, signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + connectMs;
  while (!signal.aborted && Date.now() < deadline && (await connections(host)) <= before)
    await delay(lookAgainMs, undefined, { signal }).catch(() => undefined);
};

const hasContainers = async (host: Host): Promise<boolean> =>
  (await host.files.list(lxcPath)).some((name) => !name.startsWith('.'));

const eventOf = (line: string): GuestEvent | undefined => {
  const [, name, text] = /^'(.*)' ((?:changed state to|exited with status) .*)$/.exec(line) ?? [];
  return name === undefined || text === undefined ? undefined : { kind: 'guest', name, text };
};

/** One run of lxc-monitor, from its connection to its end. */
async function* monitor(host: Host, signal: AbortSignal): AsyncIterable<GuestEvent> {
  const before = await connections(host);
  const ending = new AbortController();
  const lines = host
    .lines(['lxc-monitor', `--lxcpath=${lxcPath}`, '--name=.*'], AbortSignal.any([signal, ending.signal]))
    [Symbol.asyncIterator]();
  let next = lines.next();
  // Its failure is seen where it is awaited, or the reader has gone.
  next.catch(() => undefined);
  try {
    await untilConnected(host, before, signal);
    yield { kind: 'gap' };
    for (let line = await next; line.done !== true; line = await next) {
      const event = eventOf(line.value);
      if (event !== undefined) yield event;
      next = lines.next();
      next.catch(() => undefined);
    }
  } finally {
    ending.abort();
    await lines.return?.().catch(() => undefined);
  }
}

/** What LXC's monitor says, started again each time it ends; there is nothing to hear where there is no container. */
async function* states(host: Host, signal: AbortSignal, appeared: () => Promise<void>): AsyncIterable<GuestEvent> {
  while (!signal.aborted) {
    try {
      if (await hasContainers(host)) yield* monitor(host, signal);
    } catch (error) {
      // A monitor that cannot run is not the reader's failure: probe says what is missing.
      if (!(error instanceof Error)) throw error;
    }
    const waiting = new AbortController();
    const again = delay(againMs, undefined, { signal: AbortSignal.any([signal, waiting.signal]) });
    await Promise.race([again.catch(() => undefined), appeared()]);
    waiting.abort();
  }
}

/** LXC tells nobody that a container was made, changed or removed, or got an address. */
async function* files(host: Host, signal: AbortSignal, told: () => void): AsyncIterable<GuestEvent> {
  while (!signal.aborted) {
    try {
      for await (const _change of host.changes([lxcPath, `${lxcPath}/*/config`, ...leaseFiles], signal)) {
        told();
        yield { kind: 'guest', text: 'config or address' };
      }
    } catch (error) {
      // The host is away: the next reading of everything finds what happened meanwhile.
      if (!(error instanceof Error)) throw error;
    }
    await delay(againMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A gap says that states are followed from now on; another one comes each time the monitor had to be started again. */
export const watchContainers = (host: Host, signal: AbortSignal): AsyncIterable<GuestEvent> => {
  let told: () => void = () => undefined;
  const appeared = (): Promise<void> =>
    new Promise((resolve) => {
      told = resolve;
    });
  return merged(signal, [(until) => states(host, until, appeared), (until) => files(host, until, () => told())]);
};
