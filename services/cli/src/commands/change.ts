import { parseWorkloadSpec, powerActions } from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { print, say } from '../show/output.ts';
import { workloadTable } from '../show/workloads.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';
import { addFirstBoot, type FirstBootOptions, firstBootOf } from './first-boot.ts';
import { addSpecOptions, type SpecOptions, specOf } from './spec-options.ts';

interface WaitOptions {
  readonly wait: boolean;
}

interface RunOptions extends SpecOptions, FirstBootOptions {
  readonly name?: string;
  readonly wait: boolean;
}

const addRun = (program: Command): void => {
  addFirstBoot(
    addSpecOptions(
      program
        .command('run <image>')
        .description('create and start one workload')
        .option('-n, --name <name>', 'its name (default: made from the image)'),
    ),
  )
    .option('--no-wait', 'return at once')
    .addHelpText(
      'after',
      examples(
        ['inn run debian/12 --name web -p 8080:80', 'a port of the host leads to it'],
        ['inn run debian/12 --ssh-key ~/.ssh/id_ed25519.pub', 'waits until ssh answers, as root or debian'],
      ),
    )
    .action(async (image: string, options: RunOptions) => {
      const name =
        options.name ??
        `${image.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-$/g, '')}-${Math.random().toString(36).slice(2, 6)}`;
      const spec = { ...specOf(image, options, name), ...(await firstBootOf(options)) };
      const operation = await client().put(name, parseWorkloadSpec(spec, name));
      if (operation === undefined) return say(`${name} is as described`);
      await finishAll(client(), [operation], options.wait);
      if (options.wait) print(workloadTable([await client().workload(name)], false));
    });
};

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

export const addChanges = (program: Command): void => {
  addRun(program);
  addPower(program);
  addRename(program);
};
