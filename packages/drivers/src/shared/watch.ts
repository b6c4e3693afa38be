import { setTimeout as delay } from 'node:timers/promises';
import { type GuestEvent, merged } from '@innkeeper/driver-contract';
import { leaseFiles } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Endings } from './endings.ts';
import type { Observer } from './observer.ts';

/** Until a host that was lost is asked again. */
const againMs = 5000;

/** Where libvirt keeps definitions, each in a file of its domain's name that is put in the place of the one before. */
const definitions = (libvirt: Libvirt): string => `/etc/libvirt/${libvirt.uri.startsWith('lxc:') ? 'lxc' : 'qemu'}`;

/**
 * libvirt tells nobody that a domain is to start with its host, nor that one got an address, nor of some changes that act from
 * the next start on (`virsh setmem --config` of a container): there are a link in a folder which comes into being with the
 * first, the files of leases, and the folder of definitions. [libvirt 9.0, 11.3]
 */
const silentPlaces = (libvirt: Libvirt): string[] => [
  definitions(libvirt),
  `${definitions(libvirt)}/autostart`,
  ...leaseFiles,
];

/** When each definition was written, by the name of its domain. */
const writtenAt = async (libvirt: Libvirt): Promise<ReadonlyMap<string, string>> => {
  const find = ['find', definitions(libvirt), '-maxdepth', '1', '-name', '*.xml', '-printf', '%T@ %f\\n'];
  const { stdout } = await libvirt.host.run(find, { expect: [0, 1] });
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const [, at, name] = /^(\S+) (.+)\.xml$/.exec(line) ?? [];
      return at === undefined || name === undefined ? [] : [[name, at] as const];
    }),
  );
};

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

async function* untold(libvirt: Libvirt, observer: Observer, signal: AbortSignal): AsyncIterable<GuestEvent> {
  while (!signal.aborted) {
    try {
      let before = await writtenAt(libvirt);
      for await (const _change of libvirt.host.changes(silentPlaces(libvirt), signal)) {
        const now = await writtenAt(libvirt);
        for (const [name, at] of now) if (before.get(name) !== at) observer.forget(name);
        before = now;
        yield { kind: 'guest', text: 'definition, autostart or address' };
      }
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
    yield* merged(signal, [
      (until) => told(libvirt, observer, endings, until),
      (until) => untold(libvirt, observer, until),
    ]);
  } finally {
    leave();
  }
}
