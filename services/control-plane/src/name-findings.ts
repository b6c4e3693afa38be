import { addressesToName, type HostRow } from '@innkeeper/inventory';
import type { Finding, NetworkReport } from '@innkeeper/model';
import { type NamedGuest, namesTaken, resolvedRuns, resolvedTo, type WantedNames } from '@innkeeper/network';
import type { Control, ManagedHost } from './control.ts';
import { reachable, wantedOn } from './names.ts';
import { reportedOn } from './networks.ts';

const change = (host: string, how: string): string => `inn host set ${host} --guest-names ${how}`;

const finding = (host: string, level: Finding['level'], text: string, fix: string): Finding => ({
  check: `${host}: names of guests`,
  level,
  text,
  fix,
});

/** Networks with guests of ours for which systemd-resolved has nobody to ask. */
const withoutDomain = (networks: readonly NetworkReport[], used: ReadonlySet<string>): string[] =>
  networks.filter(({ name, domain }) => domain === undefined && used.has(name)).map(({ name }) => name);

/** Tries a guest's name, as any program of the host would. */
const tryName = async (
  { name, host }: ManagedHost,
  { how }: WantedNames,
  guest: NamedGuest | undefined,
): Promise<Finding[]> => {
  if (guest === undefined) return [];
  const found = await resolvedTo(host, guest.name);
  if (guest.addresses.some((address) => found.includes(address))) return [];
  const have = found.length === 0 ? 'nothing' : found.join(', ');
  return [
    finding(
      name,
      'warning',
      `${guest.name} is ${guest.addresses.join(', ')}, and programs of the host find ${have} (getent ahosts ${guest.name})`,
      how === 'hosts'
        ? 'see that the line "hosts:" of /etc/nsswitch.conf begins with files'
        : `see resolvectl query ${guest.name}, or ${change(name, 'hosts')}`,
    ),
  ];
};

const byResolved = async (control: Control, row: HostRow, managed: ManagedHost): Promise<Finding[]> => {
  const { name } = row;
  const wanted = await wantedOn(control, row, true);
  if (wanted.guests.length === 0) return [];
  if (!(await resolvedRuns(managed.host)))
    return [
      finding(
        name,
        'note',
        'programs of the host do not find guests by name: systemd-resolved does not run there',
        `${change(name, 'hosts')} writes their names into its /etc/hosts`,
      ),
    ];
  const rows = await control.inventory.transaction((tx) => addressesToName(tx, name));
  const networks = reachable(reportedOn(row));
  const silent = withoutDomain(networks, new Set(rows.map(({ network }) => network)));
  const first = wanted.guests.find((guest) =>
    rows.some((one) => one.name === guest.name && !silent.includes(one.network)),
  );
  return [
    ...(silent.length === 0
      ? []
      : [
          finding(
            name,
            'note',
            `programs of the host do not find guests of ${silent.join(', ')} by name: systemd-resolved asks name servers of networks that have a domain of their own`,
            `${change(name, 'hosts')} writes their names into its /etc/hosts`,
          ),
        ]),
    ...(await tryName(managed, wanted, first)),
  ];
};

const byHosts = async (control: Control, row: HostRow, managed: ManagedHost): Promise<Finding[]> => {
  const wanted = await wantedOn(control, row, true);
  try {
    const taken = await namesTaken(managed.host, control.config.paths, wanted);
    const free = wanted.guests.find(({ name }) => !taken.includes(name));
    return [
      ...taken.map((name) =>
        finding(
          row.name,
          'warning',
          `${name} is not found by its name: /etc/hosts or the host itself has it for something else`,
          `take it away there, or inn rename ${name}`,
        ),
      ),
      ...(await tryName(managed, wanted, free)),
    ];
  } catch (error) {
    return [
      finding(row.name, 'warning', error instanceof Error ? error.message : String(error), change(row.name, 'off')),
    ];
  }
};

/** Why a host's programs do not find its guests by name, where that was asked for or is to be had. */
export const nameFindings = async (control: Control, row: HostRow): Promise<Finding[]> => {
  const managed = control.hosts.get(row.name);
  if (managed === undefined || row.guestNames === 'off') return [];
  return row.guestNames === 'hosts' ? byHosts(control, row, managed) : byResolved(control, row, managed);
};
