import { InnkeeperError } from '@innkeeper/model';
import type { Virsh } from './virsh.ts';
import { checkedUuid, isUuid } from './words.ts';

export type PowerState = 'running' | 'paused' | 'stopped' | 'other';

/** What the list says of a domain. `other`: shutting down, crashed, or suspended by its own operating system. */
export interface DomainState {
  readonly uuid: string;
  readonly name: string;
  readonly state: PowerState;
  /** Whether the definition stays when the domain stops. */
  readonly persistent: boolean;
  readonly autostart: boolean;
}

export interface XmlOptions {
  /** The definition that the next start uses, secrets included; otherwise the running domain's. Default false. */
  readonly inactive?: boolean;
}

export interface DomainReads {
  /** Every domain, running or not, Innkeeper's or not, in one question however many there are. */
  domains(): Promise<DomainState[]>;
  /** One domain, in one question; undefined when there is none of this UUID. */
  domain(uuid: string): Promise<DomainState | undefined>;
  /** XML by UUID, at most 200 to a question; a domain that vanished in between is missing. */
  xml(uuids: readonly string[], options?: XmlOptions): Promise<Map<string, string>>;
  /** Why a domain is in its state, by UUID: `shutdown`, `crashed`, `booted`; a domain that vanished is missing. */
  reasons(uuids: readonly string[]): Promise<Map<string, string>>;
}

const perQuestion = 200;

/**
 * `stopped` and `running` are asked twice so that a domain that changes once while the lists are read is seen in one
 * of them.
 */
const stateLists: readonly PowerState[] = ['other', 'stopped', 'running', 'paused', 'running', 'stopped'];

const stateOption: Readonly<Record<PowerState, string>> = {
  running: '--state-running',
  paused: '--state-paused',
  stopped: '--state-shutoff',
  other: '--state-other',
};

const listCommands: readonly (readonly string[])[] = [
  ['list', '--all', '--uuid', '--name'],
  ['list', '--all', '--name'],
  ['list', '--all', '--uuid', '--persistent'],
  ['list', '--all', '--uuid', '--autostart'],
  ...stateLists.map((state) => ['list', '--all', '--uuid', stateOption[state]]),
];

const lines = (text: string | undefined): string[] => (text ?? '').split('\n').filter((line) => line !== '');
const uuids = (text: string | undefined): string[] =>
  lines(text)
    .map((line) => line.trim())
    .filter(isUuid);

/**
 * Pairs of UUID and name. Some versions pad the name with spaces, and a name may end in spaces itself:
 * `exact` lists the names alone, unpadded, and decides.
 */
export const parseNames = (paired: string | undefined, exact: string | undefined): [uuid: string, name: string][] => {
  const names = new Set(lines(exact));
  return lines(paired).flatMap((line): [string, string][] => {
    const uuid = line.slice(0, 36);
    const padded = line.slice(37);
    if (!isUuid(uuid)) return [];
    if (names.has(padded)) return [[uuid, padded]];
    const trimmed = padded.trimEnd();
    const name = names.has(trimmed) ? trimmed : [...names].find((known) => known.trimEnd() === trimmed);
    return [[uuid, name ?? trimmed]];
  });
};

/** Puts the lists together; a domain in no state's list has vanished while they were read. */
export const parseDomains = (sections: readonly string[]): DomainState[] => {
  const [paired, exact, persistent, autostart, ...byState] = sections;
  const stays = new Set(uuids(persistent));
  const starts = new Set(uuids(autostart));
  const states = new Map<string, PowerState>();
  for (const [index, state] of stateLists.entries()) {
    for (const uuid of uuids(byState[index])) states.set(uuid, state);
  }
  return parseNames(paired, exact).flatMap(([uuid, name]) => {
    const state = states.get(uuid);
    return state === undefined ? [] : [{ uuid, name, state, persistent: stays.has(uuid), autostart: starts.has(uuid) }];
  });
};

/** In `dominfo` a label takes 16 columns; a name may begin and end in spaces itself. */
const labelWidth = 16;

const stateWords: Readonly<Record<string, PowerState>> = {
  running: 'running',
  paused: 'paused',
  'shut off': 'stopped',
};

/** Reads `virsh dominfo`; undefined when it says nothing of a domain. */
export const parseDomain = (text: string): DomainState | undefined => {
  const fields = new Map(
    lines(text).map((line) => [line.slice(0, labelWidth).split(':')[0] ?? '', line.slice(labelWidth)] as const),
  );
  const uuid = fields.get('UUID')?.trim();
  const name = fields.get('Name');
  const state = fields.get('State');
  if (uuid === undefined || name === undefined || state === undefined || !isUuid(uuid)) return undefined;
  return {
    uuid,
    name,
    state: stateWords[state] ?? 'other',
    persistent: fields.get('Persistent') === 'yes',
    autostart: fields.get('Autostart') === 'enable',
  };
};

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** Reads `virsh domstate --reason`: `shut off (from snapshot)` → `from snapshot`. */
export const parseReason = (text: string): string | undefined => /^[^()]+ \(([^()]+)\)\s*$/.exec(text.trim())?.[1];

const vanished = /failed to get domain|Domain not found|no domain with matching/;

/** `dominfo` asks for more than is read of it here, last of all for a label that a container has only when its init runs [tried, 9.0]. */
const unasked = /Init pid is not yet available/;

const isHostError = (error: unknown): boolean => error instanceof InnkeeperError && error.code === 'host_error';

export const domainReads = (virsh: Virsh): DomainReads => {
  const domains = async (): Promise<DomainState[]> => parseDomains(await virsh.batch('list the domains', listCommands));
  const listed = async (uuid: string): Promise<DomainState | undefined> =>
    (await domains()).find((one) => one.uuid === uuid.toLowerCase());
  const tolerate = new RegExp(`${vanished.source}|${unasked.source}`);
  return {
    domains,
    domain: async (uuid) => {
      const commands = [['dominfo', '--domain', checkedUuid(uuid)]];
      try {
        const [text = ''] = await virsh.batch(`look at domain ${uuid}`, commands, { tolerate });
        if (text.trim() === '') return undefined;
        const told = parseDomain(text);
        if (told !== undefined) return told;
      } catch (error) {
        if (!isHostError(error)) throw error;
      }
      // What else it asks for may fail while a domain comes up or goes: the list asks for none of that.
      return listed(uuid);
    },
    xml: async (wanted, options = {}) => {
      const flags = options.inactive === true ? ['--inactive', '--security-info'] : [];
      const found = new Map<string, string>();
      const readChunk = async (chunk: readonly string[]): Promise<void> => {
        const commands = chunk.map((uuid) => ['dumpxml', '--domain', uuid, ...flags]);
        const attempt =
          chunk.length === 1
            ? `read the definition of domain ${chunk[0]}`
            : `read the definitions of ${chunk.length} domains`;
        const sections = await virsh.batch(attempt, commands, { tolerate: vanished });
        for (const [index, uuid] of chunk.entries()) {
          const xml = sections[index]?.trim() ?? '';
          if (xml !== '') found.set(uuid, xml);
        }
      };
      await Promise.all(chunks([...new Set(wanted.map(checkedUuid))], perQuestion).map(readChunk));
      return found;
    },
    reasons: async (wanted) => {
      const found = new Map<string, string>();
      for (const chunk of chunks([...new Set(wanted.map(checkedUuid))], perQuestion)) {
        const commands = chunk.map((uuid) => ['domstate', '--domain', uuid, '--reason']);
        const sections = await virsh.batch(`read why ${chunk.length} domains are in their state`, commands, {
          tolerate: vanished,
        });
        for (const [index, uuid] of chunk.entries()) {
          const reason = parseReason(sections[index] ?? '');
          if (reason !== undefined) found.set(uuid, reason);
        }
      }
      return found;
    },
  };
};
