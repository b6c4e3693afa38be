import { InnkeeperError, parseWorkloadSpec, type WorkloadSpec } from '@innkeeper/model';
import type { Command } from 'commander';
import { runDisposable } from '../disposable.ts';
import { finishAll } from '../follow.ts';
import { print, say } from '../show/output.ts';
import { workloadTable } from '../show/workloads.ts';
import { client } from '../target.ts';
import { awaitCommands, type ExecChoices, loginShell, runExec } from '../terminal.ts';
import { examples } from './examples.ts';
import { addExecOptions, type ExecOptions, execChoicesOf } from './exec-options.ts';
import { addFirstBoot, type FirstBootOptions, firstBootOf } from './first-boot.ts';
import { addSpecOptions, type SpecOptions, specOf } from './spec-options.ts';

interface RunOptions extends SpecOptions, FirstBootOptions, ExecOptions {
  readonly name?: string;
  readonly wait: boolean;
  readonly rm?: boolean;
}

const nameFor = (image: string): string =>
  `${image.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-$/g, '')}-${Math.random().toString(36).slice(2, 6)}`;

const make = async (name: string, spec: WorkloadSpec, wait: boolean): Promise<void> => {
  const operation = await client().put(name, spec);
  if (operation === undefined) say(`${name} is as described`);
  else await finishAll(client(), [operation], wait);
};

/** In a workload that has just been started. */
const runIn = async (name: string, command: readonly string[], choices: ExecChoices): Promise<void> => {
  if ((await client().workload(name)).backend === 'kvm') await awaitCommands(name);
  await runExec(name, command, choices);
};

const checkOptions = ({ rm, wait }: RunOptions, command: readonly string[]): void => {
  if (!wait && (rm === true || command.length > 0))
    throw new InnkeeperError('invalid', '--no-wait: a command that is run is waited for', {
      hint: 'leave --no-wait out, or the command',
    });
};

export const addRun = (program: Command): void => {
  const run = program
    .command('run <image> [command...]')
    .description('create and start one workload, and run a command in it')
    .option('-n, --name <name>', 'its name (default: made from the image)')
    .option('--rm', 'remove it with all that is its own when the command ends; without a command, a shell');
  addExecOptions(addFirstBoot(addSpecOptions(run)))
    .option('--no-wait', 'return at once')
    .addHelpText(
      'after',
      examples(
        ['inn run debian/12 --name web -p 8080:80', 'a port of the host leads to it'],
        ['inn run debian/12 --ssh-key ~/.ssh/id_ed25519.pub', 'waits until ssh answers, as root or debian'],
        ['inn run --rm debian/12 -- cat /etc/os-release', 'its output and exit code; nothing of it is left'],
        ['tar c . | inn run --rm debian/12 -- tar x', 'input passes through'],
      ),
    )
    .action(async (image: string, command: readonly string[], options: RunOptions) => {
      checkOptions(options, command);
      const choices = execChoicesOf(options);
      const name = options.name ?? nameFor(image);
      const spec = parseWorkloadSpec({ ...specOf(image, options, name), ...(await firstBootOf(options)) }, name);
      if (options.rm === true)
        return runDisposable(client(), { name, spec }, () =>
          runIn(name, command.length === 0 ? loginShell : command, choices),
        );
      await make(name, spec, options.wait);
      if (command.length > 0) await runIn(name, command, choices);
      else if (options.wait) print(workloadTable([await client().workload(name)], false));
    });
};
