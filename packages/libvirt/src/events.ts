import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '@innkeeper/host';
import { checkedUri } from './words.ts';

/**
 * What libvirt tells by itself. Hints, never the truth: some are lost, and a name can be anybody's by the time it is
 * read.
 */
export type LibvirtEvent =
  | {
      /**
       * A subscription has begun, the first or one after the daemon went away: whoever keeps a picture reads
       * everything again.
       */
      readonly kind: 'gap';
    }
  | {
      /** `metadata`, `device` and `block` join libvirt's finer kinds; `other` is what nobody decides by. */
      readonly kind: 'lifecycle' | 'reboot' | 'metadata' | 'device' | 'block' | 'agent' | 'balloon' | 'other';
      /** Name of the domain: virsh prints no UUID. */
      readonly domain: string;
      /** libvirt's name of the event, such as `lifecycle`, `device-added`. */
      readonly event: string;
      /** As printed: `Started Booted`, `Stopped Destroyed`, `type element, uri …`. */
      readonly detail: string;
      /** Milliseconds since 1970, by the clock of the machine that runs virsh. */
      readonly timeMs: number;
    };

export interface EventOptions {
  /** Milliseconds before the second attempt to reconnect; doubles up to `longestPauseMs`. Default 250. */
  readonly firstPauseMs?: number;
  /** Default 10,000. */
  readonly longestPauseMs?: number;
}

type Kind = Exclude<LibvirtEvent['kind'], 'gap'>;

const kinds: Readonly<Record<string, Kind>> = {
  lifecycle: 'lifecycle',
  reboot: 'reboot',
  'metadata-change': 'metadata',
  'device-added': 'device',
  'device-removed': 'device',
  'device-removal-failed': 'device',
  'disk-change': 'device',
  'tray-change': 'device',
  'block-job': 'block',
  'block-job-2': 'block',
  'block-threshold': 'block',
  'agent-lifecycle': 'agent',
  'balloon-change': 'balloon',
};

const line = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\+0000: event '([a-z0-9-]+)' for domain '(.*)'(?:: (.*)|\s*)$/;

/**
 * Reads one line of `virsh event --timestamp`; undefined for the further lines that some events have.
 * A name may hold `': `, a detail does not: the last one divides.
 */
export const parseEvent = (text: string): LibvirtEvent | undefined => {
  const match = line.exec(text);
  if (match === null) return undefined;
  const [, day, time, event = '', domain = '', detail = ''] = match;
  const kind = Object.hasOwn(kinds, event) ? kinds[event] : undefined;
  return { kind: kind ?? 'other', domain, event, detail: detail.trim(), timeMs: Date.parse(`${day}T${time}Z`) };
};

/** Resolves early when the signal fires. */
const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // Only the signal can end a delay, and the caller looks at it next.
  }
};

/**
 * Follows one connection until the signal fires. `uri` is asked first: it prints one line as soon as the daemon has
 * answered, which is how a subscription that holds is told from one that failed. [measured, 9.0] virsh flushes each
 * line by itself, on a pipe too, and ends when the daemon goes away.
 */
export async function* events(
  host: Host,
  uri: string,
  signal: AbortSignal,
  options: EventOptions = {},
): AsyncIterable<LibvirtEvent> {
  const argv = ['virsh', '-c', checkedUri(uri), '-q', 'uri; event --all --loop --timestamp'];
  const [firstPauseMs, longestPauseMs] = [options.firstPauseMs ?? 250, options.longestPauseMs ?? 10_000];
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    let connected = false;
    try {
      for await (const text of host.lines(argv, signal)) {
        const event = connected ? parseEvent(text) : ({ kind: 'gap' } as const);
        connected = true;
        pauseMs = firstPauseMs;
        if (event !== undefined) yield event;
      }
    } catch (error) {
      // A host that cannot be reached is what the pause is for; a consumer that throws is not seen here.
      if (signal.aborted) return;
      if (!(error instanceof Error)) throw error;
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}
