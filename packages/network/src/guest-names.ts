import type { Host } from '@innkeeper/host';
import { type GuestNames, InnkeeperError, installationSuffix, type Paths } from '@innkeeper/model';
import { type NamedGuest, withNames, withoutNames } from './hosts-file.ts';
import { type NamedNetwork, resolvedCommands, resolvedRuns } from './resolved.ts';

/** How a host itself is to find its guests by their names. */
export interface WantedNames {
  readonly how: GuestNames;
  readonly guests: readonly NamedGuest[];
  readonly networks: readonly NamedNetwork[];
  /** Names that no guest gets: the host's own. */
  readonly reserved: readonly string[];
}

const hostsFile = '/etc/hosts';
const idOf = (paths: Pick<Paths, 'prefix'>): string => `innkeeper${installationSuffix(paths)}`;
/** The interfaces that systemd-resolved was told of, one a line. */
const toldFile = ({ state }: Pick<Paths, 'state'>): string => `${state}/resolved-links`;

/** Nothing is written when nothing changes; a reader sees the old file or the new one. */
const rewriteHosts = async (host: Host, change: (text: string) => string): Promise<void> => {
  const before = (await host.files.readTextIfThere(hostsFile)) ?? '';
  const after = change(before);
  if (after === before) return;
  const facts = await host.files.facts(hostsFile);
  if (facts !== undefined && facts.kind !== 'file')
    throw new InnkeeperError('conflict', `${hostsFile} is no ordinary file: names of guests are not written there`, {
      hint: 'inn host set NAME --guest-names off, or make it a file',
    });
  await host.files.write(hostsFile, after, facts?.mode ?? 0o644);
};

const tellResolved = async (host: Host, paths: Paths, networks: readonly NamedNetwork[]): Promise<void> => {
  const text = (await host.files.readTextIfThere(toldFile(paths))) ?? '';
  const told = text.split('\n').filter((line) => line !== '');
  if (networks.length === 0 && told.length === 0) return;
  if (!(await resolvedRuns(host))) return;
  // Before they are told: what was never told is reverted without harm.
  const links = [...new Set([...told, ...networks.map(({ bridge }) => bridge)])];
  await host.files.write(toldFile(paths), links.map((link) => `${link}\n`).join(''), 0o600);
  // 1: an interface that went meanwhile took what was said of it along.
  for (const command of resolvedCommands(networks, told)) await host.run(command, { expect: [0, 1] });
  if (networks.length === 0) await host.files.remove(toldFile(paths));
  else await host.files.write(toldFile(paths), networks.map(({ bridge }) => `${bridge}\n`).join(''), 0o600);
};

/**
 * Makes a host find its guests as `wanted` says, and in no other way of ours. Repeatable. Throws `conflict` for an /etc/hosts
 * that cannot be changed without touching what is not ours.
 */
export const nameGuests = async (host: Host, paths: Paths, wanted: WantedNames): Promise<void> => {
  const { how, guests, networks, reserved } = wanted;
  const id = idOf(paths);
  await rewriteHosts(host, (text) =>
    how === 'hosts' ? withNames(text, id, guests, reserved).text : withoutNames(text, id),
  );
  await tellResolved(host, paths, how === 'resolved' ? networks : []);
};

/** Takes back everything that {@link nameGuests} said; nothing there is no error. */
export const forgetNames = (host: Host, paths: Paths): Promise<void> =>
  nameGuests(host, paths, { how: 'off', guests: [], networks: [], reserved: [] });

/** Names of guests that /etc/hosts gives to something else. */
export const namesTaken = async (host: Host, paths: Paths, { guests, reserved }: WantedNames): Promise<string[]> => {
  const text = (await host.files.readTextIfThere(hostsFile)) ?? '';
  return [...withNames(text, idOf(paths), guests, reserved).taken];
};

/** The addresses that programs of the host find for a name. [getent(1)] */
export const resolvedTo = async (host: Host, name: string): Promise<string[]> => {
  const { stdout } = await host.run(['getent', 'ahosts', name], { expect: [0, 1, 2], timeoutMs: 10_000 });
  return [...new Set(stdout.split('\n').flatMap((line) => line.split(/\s+/)[0] || []))];
};
