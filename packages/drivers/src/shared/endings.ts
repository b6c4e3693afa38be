import type { GuestRef } from '@innkeeper/driver-contract';
import type { Libvirt, LibvirtEvent } from '@innkeeper/libvirt';
import type { GuestEnding } from '@innkeeper/model';

/** libvirt's reasons for `shut off`, and `panicked` of a domain that is kept as crashed. Others say nothing about an end. */
const kinds: Readonly<Record<string, GuestEnding['kind']>> = {
  shutdown: 'clean',
  destroyed: 'destroyed',
  crashed: 'failed',
  failed: 'failed',
  panicked: 'failed',
  // libvirtd gave up on it when it came back.
  daemon: 'failed',
};

/** What an event says of an end: `failed`, `other` for another end, undefined when it is about something else. */
export const endOf = ({ kind, detail }: { kind: string; detail: string }): 'failed' | 'other' | undefined => {
  if (kind !== 'lifecycle') return undefined;
  if (/^(Stopped (Failed|Crashed)|Crashed\b)/.test(detail)) return 'failed';
  return /^(Stopped|Started|Undefined)\b/.test(detail) ? 'other' : undefined;
};

/**
 * The state's reason is the truth, since events get lost; but of a container whose controller was killed libvirt keeps the
 * reason `shutdown`, and only the event said that it failed [tried, 9.0].
 */
export const endingFrom = (reason: string, heardFailed: boolean): GuestEnding => {
  const kind = kinds[reason] ?? 'unknown';
  return kind === 'clean' && heardFailed ? { kind: 'failed', text: 'failed' } : { kind, text: reason };
};

export interface Endings {
  /** Keeps what an event says of an end; after a gap nothing that was heard before counts. */
  readonly heard: (event: LibvirtEvent) => void;
  readonly read: (guests: readonly GuestRef[]) => Promise<Map<string, GuestEnding>>;
}

export const endingsOf = (libvirt: Pick<Libvirt, 'reasons'>): Endings => {
  /** Names of domains whose last end was told as a failure. */
  const failed = new Set<string>();
  return {
    heard: (event) => {
      if (event.kind === 'gap') return failed.clear();
      const end = endOf(event);
      if (end === 'failed') failed.add(event.domain);
      else if (end === 'other') failed.delete(event.domain);
    },
    read: async (guests) => {
      const reasons = await libvirt.reasons(guests.map(({ uuid }) => uuid));
      return new Map(
        guests.flatMap(({ uuid, name }): [string, GuestEnding][] => {
          const reason = reasons.get(uuid);
          return reason === undefined ? [] : [[uuid, endingFrom(reason, failed.has(name))]];
        }),
      );
    },
  };
};
