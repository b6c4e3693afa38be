import { createInterface } from 'node:readline/promises';
import { type DrainPlan, InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { print, say } from '../show/output.ts';
import { plain } from '../show/style.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

const addMaintenance = (host: Command): void => {
  host
    .command('maintenance <name> <how>')
    .description('on: place nothing new on a host, what is there stays; off: place on it again')
    .option('--reason <text>', 'why, for those who ask where their workloads are placed')
    .action(async (name: string, how: string, { reason }: { reason?: string }) => {
      if (how !== 'on' && how !== 'off')
        throw new InnkeeperError('invalid', `"${how.slice(0, 40)}" is neither on nor off`);
      const { state } = await client().changeHost(name, {
        draining: how === 'on',
        ...(how === 'on' && reason !== undefined ? { maintenance: reason } : {}),
      });
      say(how === 'on' ? `nothing new is placed on ${name}; what is there stays` : `${name} is ${state}`);
    });
};

const planText = ({ host, waves, obstacles }: DrainPlan): string =>
  [
    waves.length === 0
      ? `nothing runs on ${host} that could be stopped`
      : `stopped on ${host}, one line after the other:`,
    ...waves.map((names) => `  ${names.join(', ')}`),
    ...obstacles.map(({ workload, text }) => `! ${workload}: ${text}`),
  ]
    .map(plain)
    .join('\n');

interface DrainOptions {
  readonly plan?: boolean;
  readonly reason?: string;
}

const drain = async (name: string, { plan, reason }: DrainOptions): Promise<void> => {
  if (plan !== true)
    await client().changeHost(name, { draining: true, ...(reason === undefined ? {} : { maintenance: reason }) });
  const found = await client().drainPlan(name);
  print(planText(found));
  if (plan === true) return;
  for (const wave of found.waves) {
    const operations = [];
    for (const one of wave) operations.push(await client().act(one, 'stop'));
    await finishAll(client(), operations, true);
  }
  if (found.obstacles.length > 0)
    throw new InnkeeperError(
      'busy',
      `${name} is not empty: ${found.obstacles.map(({ workload }) => workload).join(', ')}`,
      {
        hint: `inn host drain ${name} again, when what stands in the way is over`,
      },
    );
};

const addDrain = (host: Command): void => {
  host
    .command('drain <name>')
    .description('place nothing new on a host, and stop what runs there: what others depend on comes last')
    .option('--plan', 'only say what would be stopped, in which order')
    .option('--reason <text>', 'why, as maintenance says it')
    .action(drain);
  host
    .command('undrain <name>')
    .description('place on a host again; what was stopped stays so')
    .action(async (name: string) => {
      await client().changeHost(name, { draining: false });
      say(`${name} takes new workloads`);
    });
};

const typedName = async (name: string): Promise<string> => {
  if (!process.stdin.isTTY)
    throw new InnkeeperError('invalid', `Say that ${name} is dead with --name ${name} where nobody can be asked`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await lines.question(
    `Is ${name} off, or cut off for good? What its guests hold (addresses, room, devices) stays held: nothing is started in\n` +
      `their place by this version. When it is back it is quarantined until inn host return ${name}. Type its name: `,
  );
  lines.close();
  return typed.trim();
};

const addDead = (host: Command): void => {
  host
    .command('confirm-dead <name>')
    .description('say that a host that does not answer is off: asks for its name; frees nothing')
    .option('--name <name>', 'its name once more, where nobody can be asked')
    .addHelpText(
      'after',
      examples(['inn host confirm-dead h2', 'when it is back it is quarantined: inn host return h2']),
    )
    .action(async (name: string, options: { name?: string }) => {
      const { epoch } = await client().confirmDead(name, options.name ?? (await typedName(name)));
      say(`${name} is said to be dead (epoch ${epoch}); inn host return ${name} when it may be used again`);
    });
  host
    .command('return <name>')
    .description('a host that was said to be dead is back: its guests may be started again')
    .action(async (name: string) => {
      const { state } = await client().returnHost(name);
      say(`${name} is ${state}`);
    });
};

/** What people say of hosts, and how one is emptied. */
export const addHostStates = (host: Command): void => {
  addMaintenance(host);
  addDrain(host);
  addDead(host);
};
