import { newClone, parseWith, powerActions } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

interface WaitOptions {
  readonly wait: boolean;
}

const addPower = (program: Command): void => {
  for (const action of powerActions) {
    program
      .command(`${action} <names...>`)
      .description(`${action} workloads`)
      .option('--no-wait', 'return at once')
      .action(async (names: readonly string[], { wait }: WaitOptions) => {
        const operations = [];
        for (const name of names) operations.push(await client().act(name, action));
        await finishAll(client(), operations, wait);
      });
  }
  program
    .command('rm <names...>')
    .alias('remove')
    .description('remove workloads with their disks')
    .option('--no-wait', 'return at once')
    .action(async (names: readonly string[], { wait }: WaitOptions) => {
      const operations = [];
      for (const name of names) operations.push(await client().remove(name));
      await finishAll(client(), operations, wait);
    });
};

const addRename = (program: Command): void => {
  program
    .command('rename <name> <to>')
    .description('give a stopped workload another name; its data, addresses and place stay')
    .option('--no-wait', 'return at once')
    .addHelpText('after', examples(['inn stop web && inn rename web shop && inn start shop', 'web is called shop now']))
    .action(async (name: string, to: string, { wait }: WaitOptions) => {
      await finishAll(client(), [await client().rename(name, to)], wait);
    });
};

interface CloneOptions extends WaitOptions {
  readonly snapshot?: string;
  readonly stopped?: true;
}

const addClone = (program: Command): void => {
  program
    .command('clone <workload> <new>')
    .description(
      'make a workload that begins with a copy of what another one holds; its ports of the host stay with that',
    )
    .option('--snapshot <snapshot>', 'what it held then, and not what it holds now')
    .option('--stopped', 'it is not started')
    .option('--no-wait', 'return at once')
    .addHelpText(
      'after',
      examples(
        ['inn clone web web-test', 'web-test holds what web holds, under a name and addresses of its own'],
        ['inn clone web web-old --snapshot before-upgrade --stopped', 'what web held then, and it does not run'],
      ),
    )
    .action(async (workload: string, to: string, { snapshot, stopped, wait }: CloneOptions) => {
      const asked = {
        name: to,
        ...(snapshot === undefined ? {} : { snapshot }),
        ...(stopped === undefined ? {} : { power: 'stopped' }),
      };
      await finishAll(client(), [await client().clone(workload, parseWith(newClone, asked, 'clone'))], wait);
    });
};

export const addChanges = (program: Command): void => {
  addPower(program);
  addRename(program);
  addClone(program);
};
