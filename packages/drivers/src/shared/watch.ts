import { setTimeout as delay } from 'node:timers/promises';
import { type GuestEvent, merged } from '@innkeeper/driver-contract';
import { leaseFiles } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Endings } from './endings.ts';
import type { Observer } from './observer.ts';

/** Until a host that was lost is asked again. */
const againMs = 5000;

/**
 * libvirt tells nobody that a domain is to start with its host, nor that one got an address: there are a link in this folder,
 * which comes into being with the first, and the files of leases. [libvirt 9.0, 11.3]
 */
const silentPlaces = (libvirt: Libvirt): string[] => [
  `/etc/libvirt/${libvirt.uri.startsWith('lxc:') ? 'lxc' : 'qemu'}/autostart`,
  ...leaseFiles,
];

async function* told(
  libvirt: Libvirt,
  observer: Observer,
  endings: Endings,
  signal: AbortSignal,
): AsyncIterable<GuestEvent> {
  for await (const event of libvirt.events(signal)) {
    endings.heard(event);
    if (event.kind === 'gap') {
      observer.forget();
      yield { kind: 'gap' };
    } else {
      observer.forget(event.domain);
      const rebooted = event.kind === 'reboot' ? { rebooted: true } : {};
      yield { kind: 'guest', name: event.domain, text: `${event.event} ${event.detail}`, ...rebooted };
    }
  }
}

async function* untold(libvirt: Libvirt, signal: AbortSignal): AsyncIterable<GuestEvent> {
  while (!signal.aborted) {
    try {
      for await (const _change of libvirt.host.changes(silentPlaces(libvirt), signal))
        yield { kind: 'guest', text: 'autostart or address' };
    } catch (error) {
      // The host is away, and its libvirt with it: what is told then is a gap.
      if (!(error instanceof Error)) throw error;
    }
    await delay(againMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Hints for the control plane; what is known of a guest is forgotten, and its ending kept, before it is told. */
export async function* watchGuests(
  libvirt: Libvirt,
  observer: Observer,
  endings: Endings,
  signal: AbortSignal,
): AsyncIterable<GuestEvent> {
  observer.forget();
  const leave = observer.follow();
  try {
    yield* merged(signal, [(until) => told(libvirt, observer, endings, until), (until) => untold(libvirt, until)]);
  } finally {
    leave();
  }
}
