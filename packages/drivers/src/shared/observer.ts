import { foreignDetails } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type DomainDescription, type DomainState, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import type { GuestObservation } from '@innkeeper/model';
import { editedOf } from './edited.ts';
import { holdingsOf } from './holdings.ts';
import { readOwnership } from './metadata.ts';
import { cpusOf, differingFields, memoryOf } from './pending.ts';

/**
 * XML is read again after an event, a changed state, or this long: somebody may have edited a definition without an event.
 * Where nobody follows the events, each time.
 */
const trustMs = 5 * 60_000;

interface Known {
  readonly state: DomainState['state'];
  readonly description: DomainDescription;
  /** Of a guest of ours that runs: fields in which its definition differs. */
  readonly needsRestart: readonly string[];
  /** The definition of a guest of ours that runs: what it starts with next. */
  readonly next?: DomainDescription;
  readonly readAtMs: number;
}

export interface Observer {
  list(): Promise<GuestObservation[]>;
  /** One guest, without a look at any other. */
  inspect(uuid: string): Promise<GuestObservation | undefined>;
  /** Forgets what is known of a guest; without a name, of all. */
  forget(name?: string): void;
  /** What is known is taken for true, since somebody follows the events, until what it answers is called. */
  follow(): () => void;
  /** What the last reading found, guests that are not ours too. */
  known(): readonly DomainDescription[];
  description(uuid: string): Promise<DomainDescription | undefined>;
}

const imageGuess = (description: DomainDescription): string | undefined => {
  const id = description.osInfo;
  const match = id === undefined ? null : /^https?:\/\/[^/]+\/(.+)$/.exec(id);
  return match?.[1] ?? undefined;
};

const plainAddress = (text: string): string => text.split('/')[0] ?? text;

const graphicsOf = (description: DomainDescription): string | undefined => {
  const [first] = description.graphics;
  if (first === undefined) return undefined;
  return first.socket ?? (first.port === undefined ? undefined : `${first.listen ?? '127.0.0.1'}:${first.port}`);
};

/** libvirt keeps a pid file per running domain; its age is the guest's uptime. */
const startedAt = async (host: Host, backend: 'lxc' | 'qemu', name: string): Promise<number | undefined> =>
  /^[\w.@+-]+$/.test(name) ? (await host.files.facts(`/run/libvirt/${backend}/${name}.pid`))?.modifiedMs : undefined;

/**
 * Reads all guests of a connection: one question to libvirt, and one more when something changed. `frozen` names those
 * that are paused in a way that libvirt does not see.
 */
export const observer = (
  libvirt: Libvirt,
  driver: string,
  backend: 'lxc' | 'qemu',
  frozen: (running: readonly DomainState[]) => Promise<ReadonlySet<string>> = async () => new Set(),
): Observer => {
  const known = new Map<string, Known>();
  let followers = 0;
  const completed = foreignDetails(libvirt.host);

  /** One question more, for those of ours that run and were read just now. */
  const comparePending = async (uuids: readonly string[]): Promise<void> => {
    const ours = uuids.filter((uuid) => {
      const entry = known.get(uuid);
      return entry?.description.id !== undefined && readOwnership(entry.description.metadata) !== undefined;
    });
    if (ours.length === 0) return;
    for (const [uuid, text] of await libvirt.xml(ours, { inactive: true })) {
      const entry = known.get(uuid);
      if (entry === undefined) continue;
      const next = describeDomain(text);
      known.set(uuid, { ...entry, next, needsRestart: differingFields(entry.description, next) });
    }
  };

  const refresh = async (domains: readonly DomainState[]): Promise<void> => {
    const now = Date.now();
    const stale = domains.filter(({ uuid, state }) => {
      const entry = known.get(uuid);
      return entry === undefined || entry.state !== state || followers === 0 || now - entry.readAtMs > trustMs;
    });
    const xml = stale.length === 0 ? new Map<string, string>() : await libvirt.xml(stale.map(({ uuid }) => uuid));
    for (const { uuid, state } of stale) {
      const text = xml.get(uuid);
      if (text === undefined) known.delete(uuid);
      else known.set(uuid, { state, description: describeDomain(text), needsRestart: [], readAtMs: now });
    }
    await comparePending(stale.map(({ uuid }) => uuid));
  };

  const observe = async (domain: DomainState): Promise<GuestObservation[]> => {
    const entry = known.get(domain.uuid);
    if (entry === undefined) return [];
    const { description, needsRestart, next = description } = entry;
    const owned = readOwnership(description.metadata);
    const guess = imageGuess(description);
    const edited = owned === undefined ? undefined : editedOf(owned, next);
    const started =
      domain.state === 'running' || domain.state === 'paused'
        ? await startedAt(libvirt.host, backend, domain.name)
        : undefined;
    const graphics = graphicsOf(description);
    const addresses =
      owned?.claims.networks.flatMap(({ address, address6 }) => [address ?? [], address6 ?? []].flat()) ??
      description.interfaces.flatMap(({ ips }) => ips.map(plainAddress));
    return [
      {
        driver,
        uuid: domain.uuid,
        name: domain.name,
        state: domain.state,
        ...(owned === undefined ? {} : { ownership: owned }),
        cpus: cpusOf(description),
        memoryBytes: memoryOf(description),
        addresses,
        macs: description.interfaces.flatMap(({ mac }) => (mac === undefined ? [] : [mac.toLowerCase()])),
        ...(guess === undefined ? {} : { imageGuess: guess }),
        ...(started === undefined ? {} : { startedAtMs: Math.round(started) }),
        ...(graphics === undefined ? {} : { graphics }),
        ...(needsRestart.length === 0 ? {} : { needsRestart: [...needsRestart] }),
        autostart: domain.autostart,
        persistent: domain.persistent,
        ...holdingsOf(description),
        ...(edited === undefined ? {} : { edited }),
        idRanges: (description.idmap?.uid ?? []).map(({ target, count }) => ({ start: target, count })),
      },
    ];
  };

  const look = async (listed: readonly DomainState[]): Promise<GuestObservation[]> => {
    const cold = await frozen(listed.filter(({ state }) => state === 'running'));
    const domains = listed.map((one) => (cold.has(one.uuid) ? { ...one, state: 'paused' as const } : one));
    await refresh(domains);
    return completed((await Promise.all(domains.map(observe))).flat());
  };

  return {
    list: async () => {
      const domains = await libvirt.domains();
      const seen = await look(domains);
      const there = new Set(domains.map(({ uuid }) => uuid));
      for (const uuid of known.keys()) if (!there.has(uuid)) known.delete(uuid);
      return seen;
    },
    inspect: async (uuid) => {
      const domain = await libvirt.domain(uuid);
      if (domain === undefined) known.delete(uuid);
      return domain === undefined ? undefined : (await look([domain]))[0];
    },
    forget: (name) => {
      for (const [uuid, { description }] of known)
        if (name === undefined || description.name === name) known.delete(uuid);
    },
    follow: () => {
      followers += 1;
      return () => {
        followers -= 1;
      };
    },
    known: () => [...known.values()].map(({ description }) => description),
    description: async (uuid) => {
      const text = (await libvirt.xml([uuid])).get(uuid);
      return text === undefined ? undefined : describeDomain(text);
    },
  };
};
