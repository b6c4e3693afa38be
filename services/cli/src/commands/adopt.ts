import { type AdoptionView, formatSize, InnkeeperError, parseSize, type WorkloadView } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { checkFormat, outputOption, print, printItems } from '../show/output.ts';
import { plain } from '../show/style.ts';
import { workloadTable } from '../show/workloads.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

interface AdoptOptions {
  readonly as?: string;
  readonly host?: string;
  readonly takeAutostart?: boolean;
  readonly plan?: boolean;
  readonly wait: boolean;
  readonly output: string;
}

/** By name or id; several hosts may have one of the name. */
export const findGuest = async (word: string, host: string | undefined): Promise<WorkloadView> => {
  const named = (await client().workloads()).filter(({ name, id }) => name === word || id === word);
  const found = named.filter((one) => !one.managed && (host ?? one.host) === one.host);
  const [guest, other] = found;
  if (guest === undefined) {
    const managed = named.find((one) => one.managed);
    if (managed !== undefined) throw new InnkeeperError('conflict', `${word} is managed already`);
    throw new InnkeeperError('not_found', `There is no guest ${word}${host === undefined ? '' : ` on ${host}`}`, {
      hint: 'inn ls --all shows the guests of all hosts',
    });
  }
  if (other === undefined) return guest;
  const places = found.map((one) => `${one.host} (${one.driver}, ${one.id})`).join(', ');
  throw new InnkeeperError('conflict', `${word} is on ${places}`, { hint: 'say which with --host, or by its id' });
};

const adoptionText = ({
  guest,
  name,
  host,
  driver,
  state,
  spec,
  autostart,
  beyond,
  nameProblem,
}: AdoptionView): string => {
  const networks = (spec.networks ?? []).map(({ network, mac }) => `${network} (${mac})`);
  const boot = autostart
    ? `${driver} starts it when ${host} boots, and goes on doing so`
    : `not started when ${host} boots`;
  const lines = [
    `${guest} on ${host} (${driver}), ${state}`,
    ...(name === undefined
      ? [`name       needs --as NAME: ${nameProblem}`]
      : name === guest
        ? []
        : [`name       ${name}`]),
    `size       ${spec.cpus} processor${spec.cpus === 1 ? '' : 's'}, ${spec.memory === undefined ? 'memory without a limit' : formatSize(parseSize(spec.memory) ?? 0)}`,
    `networks   ${networks.join(', ') || 'none that Innkeeper knows'}`,
    `boot       ${boot}`,
    ...(beyond.length === 0
      ? []
      : ["stays as it is, and is its owner's to change:", ...beyond.map((one) => `  ${one}`)]),
  ];
  return lines.map(plain).join('\n');
};

const addAdopt = (program: Command): void => {
  program
    .command('adopt <guest>')
    .description('manage a guest that was there before: where it is, without a restart, changing nothing of it')
    .option('--as <name>', 'its name here; the guest itself keeps its own')
    .option('--host <name>', 'which one, where several hosts have a guest of the name')
    .option('--take-autostart', 'Innkeeper starts it after a boot, and its own backend does not')
    .option('--plan', 'only say what would be')
    .option(...outputOption)
    .option('--no-wait', 'return at once')
    .addHelpText(
      'after',
      examples(
        ['inn adopt --plan win11', 'what Innkeeper would know of it, and what stays as it is'],
        ['inn adopt "Debian 11" --as wiki', 'managed as wiki from now on'],
        ['inn release wiki', 'given back as it was'],
      ),
    )
    .action(async (word: string, options: AdoptOptions) => {
      const { id, host } = await findGuest(word, options.host);
      const view = await client().adoption(id, host);
      const named = options.as === undefined ? view : { ...view, name: options.as };
      if (options.plan === true || options.output !== 'table')
        await printItems(
          checkFormat(options.output),
          [named],
          (one) => one.guest,
          () => adoptionText(named),
        );
      if (options.plan === true) return;
      if (options.output === 'table') print(adoptionText(named));
      const operation = await client().adopt(
        id,
        {
          ...(options.as === undefined ? {} : { name: options.as }),
          ...(options.takeAutostart === true ? { takeAutostart: true } : {}),
        },
        host === undefined ? {} : { host },
      );
      await finishAll(client(), [operation], options.wait);
      if (options.wait && options.output === 'table')
        print(`\n${workloadTable([await client().workload(operation.workload.name)], false)}`);
    });
};

const addRelease = (program: Command): void => {
  program
    .command('release <names...>')
    .description('give adopted guests back as they were; they run on')
    .option('--no-wait', 'return at once')
    .action(async (names: readonly string[], { wait }: { readonly wait: boolean }) => {
      const operations = [];
      for (const name of names) operations.push(await client().release(name));
      await finishAll(client(), operations, wait);
    });
};

export const addAdoption = (program: Command): void => {
  addAdopt(program);
  addRelease(program);
};
