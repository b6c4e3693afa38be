import { InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { print } from '../show/output.ts';
import { client } from '../target.ts';

/** The hidden command that shells ask; its words are what was typed so far, the last one unfinished. */
const asking = '__complete';

const scripts: Readonly<Record<string, string>> = {
  bash: `_inn() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(inn ${asking} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _inn inn`,
  zsh: `#compdef inn
_inn() {
  local -a found
  found=(\${(f)"$(inn ${asking} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
compdef _inn inn`,
  fish: `complete -c inn -f -a '(inn ${asking} -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

/** What an argument or an option's value can be; names are asked for only when a shell wants them. */
export interface Names {
  readonly workloads: () => Promise<readonly string[]>;
  readonly hosts: () => Promise<readonly string[]>;
  readonly images: () => Promise<readonly string[]>;
  readonly pools: () => Promise<readonly string[]>;
  readonly rules: () => Promise<readonly string[]>;
  readonly tokens: () => Promise<readonly string[]>;
  readonly snapshots: (workload: string) => Promise<readonly string[]>;
  readonly backups: () => Promise<readonly string[]>;
  readonly backupTargets: () => Promise<readonly string[]>;
}

const valuesFor = async (
  argument: string,
  command: Command,
  names: Names,
  operands: readonly string[],
): Promise<readonly string[]> => {
  const parent = command.parent?.name();
  if (argument === 'snapshot') return names.snapshots(operands[0] ?? '');
  if (argument === 'pool') return names.pools();
  if (argument === 'backup' || argument === 'backups') return names.backups();
  if (argument === 'target' || (argument === 'to' && parent === 'backup')) return names.backupTargets();
  // A new one's name is nobody's yet.
  if (argument === 'name' && (parent === 'snapshot' || parent === 'pool' || parent === 'target')) return [];
  if (argument === 'image' || argument === 'images') return names.images();
  if (argument === 'host' || argument === 'without-host' || parent === 'host') return names.hosts();
  if (argument === 'id') return parent === 'rule' ? names.rules() : [];
  if (parent === 'token') return command.name() === 'rm' ? names.tokens() : [];
  if (argument === 'shell') return Object.keys(scripts);
  return argument === 'name' || argument === 'names' || argument === 'workload' ? names.workloads() : [];
};

const isHidden = (command: Command): boolean => command.name().startsWith('_');

/** What may stand in place of the last word. */
export const complete = async (program: Command, words: readonly string[], names: Names): Promise<string[]> => {
  let command = program;
  const operands: string[] = [];
  for (const word of words.slice(0, -1)) {
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next !== undefined && operands.length === 0) command = next;
    else if (!word.startsWith('-')) operands.push(word);
  }
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  const option = command.options.find((one) => one.long === before || one.short === before);
  if (option !== undefined && (option.required || option.optional))
    return [...(await valuesFor(option.name(), command, names, operands))].filter((one) => one.startsWith(last));
  const found = last.startsWith('-')
    ? [...command.options.flatMap(({ long }) => (long == null ? [] : [long])), '--help']
    : command.commands.filter((one) => !isHidden(one)).map((one) => one.name());
  const { registeredArguments } = command;
  const argument = registeredArguments[Math.min(operands.length, registeredArguments.length - 1)];
  if (!last.startsWith('-') && argument !== undefined)
    found.push(...(await valuesFor(argument.name(), command, names, operands)));
  return [...new Set(found)].filter((one) => one.startsWith(last)).sort();
};

const fromServer: Names = {
  snapshots: async (workload) => (await client().snapshots(workload)).map(({ name }) => name),
  backups: async () => (await client().backups()).map(({ name }) => name),
  backupTargets: async () => (await client().backupTargets()).map(({ name }) => name),
  workloads: async () => (await client().workloads()).map(({ name }) => name),
  hosts: async () => (await client().hosts()).map(({ name }) => name),
  images: async () => (await client().images()).map(({ name }) => name),
  pools: async () => (await client().pools()).map(({ name }) => name),
  rules: async () => (await client().rules()).map(({ rule }) => rule.id),
  tokens: async () =>
    (await client().tokens()).flatMap(({ name, revokedAt }) => (revokedAt === undefined ? [name] : [])),
};

export const addCompletion = (program: Command): void => {
  program
    .command('completion <shell>')
    .description('print a script that completes commands and names: source <(inn completion bash)')
    .action((shell: string) => {
      const script = scripts[shell];
      if (script === undefined)
        throw new InnkeeperError('invalid', `completion ${shell}: must be one of ${Object.keys(scripts).join(', ')}`);
      print(script);
    });
  program
    .command(`${asking} [words...]`, { hidden: true })
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const typed = words[0] === '--' ? words.slice(1) : words;
      // A server that is down completes no names, and says nothing into somebody's command line.
      print((await complete(program, typed, fromServer).catch(() => [])).join('\n'));
    });
};
