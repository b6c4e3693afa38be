import { formatSize, type HostChange, hostChange, InnkeeperError, parseWith } from '@innkeeper/model';
import type { Command } from 'commander';
import { foreignText } from '../show/foreign.ts';
import { hostText, labelsText, printFindings } from '../show/hosts.ts';
import { checkFormat, outputOption, print, printItems, say } from '../show/output.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';
import { addHostStates } from './host-states.ts';
import { numberOption } from './numbers.ts';

/** `zone=a` sets a label, `zone-` removes it, as in kubectl. */
const labelChanges = (words: readonly string[]): Record<string, string | null> =>
  Object.fromEntries(
    words.map((word): [string, string | null] => {
      const at = word.indexOf('=');
      if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
      if (word.endsWith('-') && word.length > 1) return [word.slice(0, -1), null];
      throw new InnkeeperError('invalid', `"${word}" is neither KEY=VALUE nor KEY- (which removes)`);
    }),
  );

interface SetOptions {
  readonly cpuRatio?: string;
  readonly memoryRatio?: string;
  readonly reserveCpus?: string;
  readonly reserveMemory?: string;
  readonly guestNames?: string;
}

const change = async (name: string, given: Readonly<Record<string, unknown>>): Promise<void> => {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (Object.keys(set).length === 0) throw new InnkeeperError('invalid', 'nothing to set; see inn host set --help');
  const checked: HostChange = parseWith(hostChange, set, name);
  const { state, capacity, labels, guestNames } = await client().changeHost(name, checked);
  const { cpuRatio, memoryRatio, reserved } = capacity;
  say(
    `${name}: ${state}, cpus ×${cpuRatio}, memory ×${memoryRatio}, reserved ${reserved.cpus} cpus and ${formatSize(reserved.memoryBytes)}, labels ${labelsText(labels) || 'none'}, names of guests: ${guestNames}`,
  );
};

const addChanges = (host: Command): void => {
  host
    .command('label <name> <labels...>')
    .description('set labels (zone=a) or remove them (zone-)')
    .action((name: string, words: readonly string[]) => change(name, { labels: labelChanges(words) }));
  host
    .command('set <name>')
    .description('how much of a host may be promised to guests, and how it finds them by name')
    .option('--cpu-ratio <number>', 'how many times its processors may be promised')
    .option('--memory-ratio <number>', 'how many times its memory may be promised')
    .option('--reserve-cpus <number>', 'processors kept for the host itself')
    .option('--reserve-memory <size>', 'memory kept for the host itself')
    .option('--guest-names <how>', 'resolved (systemd-resolved), hosts (lines in its /etc/hosts) or off')
    .action((name: string, options: SetOptions) =>
      change(name, {
        cpuRatio: numberOption('cpu-ratio', options.cpuRatio),
        memoryRatio: numberOption('memory-ratio', options.memoryRatio),
        reservedCpus: numberOption('reserve-cpus', options.reserveCpus),
        reservedMemory: options.reserveMemory,
        guestNames: options.guestNames,
      }),
    );
};

const labelsOf = (words: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labelChanges(words)).map(([key, value]) => {
      if (value === null) throw new InnkeeperError('invalid', `--label ${key}-: a new host has nothing to remove`);
      return [key, value];
    }),
  );

const addMembership = (host: Command): void => {
  host
    .command('add <address>')
    .description('manage another machine, reached over ssh: inn host add ssh://root@h2')
    .option('--name <name>', 'its name here; its own host name when left out')
    .option('--label <labels...>', 'labels, such as zone=a')
    .action(async (address: string, options: { name?: string; label?: string[] }) => {
      const added = await client().addHost({
        address,
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.label === undefined ? {} : { labels: labelsOf(options.label) }),
      });
      print(hostText(added));
    });
  host
    .command('rm <name>')
    .description('manage a machine no longer; nothing on it is changed')
    .action(async (name: string) => {
      await client().removeHost(name);
      say(`${name} is managed no longer`);
    });
};

const addLooks = (host: Command): void => {
  host
    .command('show <name>')
    .description('what a host is and can do, and what that was concluded from')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      const format = checkFormat(output);
      const [found, guests] = await Promise.all([client().host(name), client().workloads({ stats: false })]);
      const foreign = guests.filter(({ host: on, managed }) => !managed && on === name);
      await printItems(
        format,
        [{ ...found, foreign }],
        (one) => one.name,
        () => [hostText(found), ...foreignText(foreign)].join('\n'),
      );
    });
  host
    .command('doctor <name>')
    .description('what is not well on a host, and what to do')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      await client().host(name);
      const findings = await client().doctor();
      await printFindings(
        output,
        findings.filter(({ check }) => check.startsWith(`${name}: `)),
      );
    });
};

export const addHosts = (program: Command): void => {
  const host = program.command('host').description('the machines that guests run on');
  addMembership(host);
  addLooks(host);
  addChanges(host);
  addHostStates(host);
  host
    .command('ls', { isDefault: true })
    .description('list hosts with their capacity')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const hosts = await client().hosts();
      await printItems(
        checkFormat(output),
        hosts,
        ({ name }) => name,
        () =>
          table(
            [
              { title: 'NAME', value: ({ name }) => name },
              { title: 'STATE', value: ({ state }) => state },
              {
                title: 'DRIVERS',
                value: ({ drivers }) =>
                  drivers
                    // What only shows guests and finds none is no matter here.
                    .filter(({ healthy, placeable }) => healthy || placeable)
                    .map(({ driver, healthy }) => `${driver}${healthy ? '' : ' (not well)'}`)
                    .join(', '),
              },
              {
                title: 'CPUS',
                value: ({ capacity }) => `${capacity.claimed.cpus}/${capacity.cpus}×${capacity.cpuRatio}`,
                right: true,
              },
              {
                title: 'MEMORY',
                value: ({ capacity }) =>
                  `${formatSize(capacity.claimed.memoryBytes)}/${formatSize(capacity.memoryBytes)}×${capacity.memoryRatio}`,
                right: true,
              },
              { title: 'FOREIGN', value: ({ capacity }) => formatSize(capacity.foreign.memoryBytes), right: true },
              { title: 'LABELS', value: ({ labels }) => labelsText(labels) || '–' },
              { title: 'IMAGES', value: ({ images }) => images.join(', ') || '–' },
            ],
            hosts,
          ),
      );
    });
};
