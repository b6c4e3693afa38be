import { setTimeout as delay } from 'node:timers/promises';
import type { GuestEvent } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { lxcPath } from './layout.ts';

const lookAgainMs = 20;
const connectMs = 5000;
/** Until a monitor that ended is started again: LXC may be being upgraded. */
const againMs = 10_000;
/** Until it is looked for again where it is not installed. */
const missingMs = 60_000;
const program = '/usr/bin/lxc-monitor';

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

/** A gap says that events are followed from now on; another one comes each time the monitor had to be started again. */
export async function* watchContainers(host: Host, signal: AbortSignal): AsyncIterable<GuestEvent> {
  while (!signal.aborted) {
    try {
      yield* monitor(host, signal);
    } catch (error) {
      // A monitor that cannot run is not the reader's failure: probe says what is missing.
      if (!(error instanceof Error)) throw error;
    }
    const isThere = (await host.files.facts(program).catch(() => undefined)) !== undefined;
    await delay(isThere ? againMs : missingMs, undefined, { signal }).catch(() => undefined);
  }
}
