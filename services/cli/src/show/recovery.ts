import type { RecoveryView } from '@innkeeper/model';
import { plain } from './style.ts';
import { table } from './table.ts';

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

const count = (many: number, one: string): string => `${many} ${one}${many === 1 ? '' : 's'}`;

/** What is, or would be, rebuilt from the hosts, and what is not. */
export const recoveryText = ({
  installation,
  applied,
  behind,
  workloads,
  networks,
  missing,
  unrecovered,
  others,
}: RecoveryView): string => {
  const verb = applied ? 'taken back' : 'would be taken back';
  const head = `${count(workloads.length, 'workload')} and ${count(networks.length, 'network')} ${verb}; no guest is changed`;
  const list =
    workloads.length === 0
      ? []
      : [
          '',
          table(
            [
              { title: 'NAME', value: ({ name }) => name },
              { title: 'HOST', value: ({ host }) => host },
              { title: 'DRIVER', value: ({ driver }) => driver },
              { title: 'STATE', value: ({ state }) => state },
              { title: 'WHY', value: ({ what }) => (what === 'newer' ? 'the guest is newer' : 'not in the database') },
              { title: 'NOTES', value: ({ notes }) => notes.join('; ') || '–' },
            ],
            workloads,
          ),
        ];
  return [
    `installation ${installation}${behind ? ', whose database was made anew or restored' : ''}`,
    head,
    ...list,
    ...section(
      'networks',
      networks.map(({ name, hosts, spec }) => `${name} on ${hosts.join(', ')} (${spec.mode ?? 'nat'})`),
    ),
    ...section(
      'in the database, and not on their hosts (inn rm forgets one; nothing makes it anew by itself)',
      missing.map(({ name, host }) => `${name} on ${host}`),
    ),
    ...section(
      'not recovered',
      unrecovered.map(({ name, host, text }) => `${name}${host === undefined ? '' : ` on ${host}`}: ${text}`),
    ),
    ...section(
      'guests of other installations, left alone (--installation ID takes the place of one)',
      others.map(
        (one) => `${one.installation}: ${one.guests.map(({ name, host }) => `${name} on ${host}`).join(', ')}`,
      ),
    ),
    ...(applied || workloads.length + networks.length === 0 ? [] : ['', 'inn recover --apply does it']),
  ]
    .map((line) => (line.includes('\n') ? line : plain(line)))
    .join('\n');
};
