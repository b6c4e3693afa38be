import {
  hostDescription,
  InnkeeperError,
  type Manifest,
  manifestSchemaText,
  type OperationView,
  parseWith,
  type WhatIf,
} from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { readManifest, readYaml } from '../manifest-file.ts';
import { print, say } from '../show/output.ts';
import { obstaclesOf, planText } from '../show/plan.ts';
import { client } from '../target.ts';

interface ApplyOptions {
  readonly wait: boolean;
  /** Leaves out what has room nowhere, unless that is everything. */
  readonly fitting: boolean;
}

/** Nothing is created unless everything could be: the plan of the whole manifest comes first. */
const applyManifest = async (manifest: Manifest, { wait, fitting }: ApplyOptions): Promise<void> => {
  const innkeeper = client();
  const plan = await innkeeper.plan(manifest);
  say(planText(plan));
  const { first, leftOut } = obstaclesOf(plan, fitting);
  if (first !== undefined) {
    throw new InnkeeperError(
      first.problem?.code === 'unplaceable' ? 'unplaceable' : 'conflict',
      `nothing was done: ${first.problem?.detail ?? first.name}`,
      first.problem?.hint === undefined ? {} : { hint: first.problem.hint },
    );
  }
  if (leftOut.length > 0) say(`left out, since nothing here fits them: ${leftOut.join(', ')}`);
  for (const [name, spec] of Object.entries(manifest.networks ?? {})) {
    const saved = await innkeeper.putNetwork(name, spec);
    if (saved !== undefined) say(`network ${name}: ${saved.subnet ?? saved.bridge ?? ''}`);
  }
  for (const rule of manifest.rules ?? []) {
    const saved = await innkeeper.putRule(rule);
    if (saved !== undefined) say(`rule ${rule.id}: version ${saved.version}`);
  }
  const operations: OperationView[] = [];
  for (const { name, action } of plan.workloads) {
    const spec = manifest.workloads[name];
    const operation =
      action === 'none' || leftOut.includes(name) || spec === undefined ? undefined : await innkeeper.put(name, spec);
    if (operation !== undefined) operations.push(operation);
  }
  if (operations.length === 0) say(`nothing to do: everything ${leftOut.length > 0 ? 'else ' : ''}is as described`);
  await finishAll(innkeeper, operations, wait);
};

/** Options of a world that is different, for commands that ask "what if". */
export interface WhatIfOptions {
  readonly withoutHost?: readonly string[];
  readonly withHost?: readonly string[];
}

export const addWhatIf = (command: Command): Command =>
  command
    .option('--without-host <name...>', 'as if this host were gone, with what is on it')
    .option('--with-host <file...>', 'as if the host that this file describes were there (name, cpus, memory, disk)');

export const readWhatIf = async ({ withoutHost, withHost }: WhatIfOptions): Promise<WhatIf> => {
  const withHosts = [];
  for (const path of withHost ?? []) withHosts.push(parseWith(hostDescription, await readYaml(path), path));
  return {
    ...(withoutHost === undefined ? {} : { withoutHosts: [...withoutHost] }),
    ...(withHosts.length === 0 ? {} : { withHosts }),
  };
};

interface PlanOptions extends WhatIfOptions {
  readonly file?: string;
  readonly output: string;
}

const plan = async (options: PlanOptions): Promise<void> => {
  if (!['table', 'wide', 'json'].includes(options.output))
    throw new InnkeeperError('invalid', `-o ${options.output}: must be one of table, wide, json`);
  const whatIf = await readWhatIf(options);
  if (options.file === undefined && Object.keys(whatIf).length === 0)
    throw new InnkeeperError('invalid', 'plan needs a manifest or a world that is different', {
      hint: 'inn plan -f lab.yaml, or inn plan --without-host NAME',
    });
  const manifest = options.file === undefined ? {} : await readManifest(options.file);
  const result = await client().plan(manifest, whatIf);
  print(options.output === 'json' ? JSON.stringify(result, null, 2) : planText(result, options.output === 'wide'));
  if (result.workloads.some(({ action }) => action === 'impossible')) process.exitCode = 2;
};

export const addManifests = (program: Command): void => {
  program
    .command('apply')
    .description('make what a manifest describes: create, change, or leave as it is')
    .requiredOption('-f, --file <path>', 'the manifest (- for standard input)')
    .option('--wait', 'wait until done (the default)')
    .option('--no-wait', 'print the operations and return')
    .option('--fitting', 'leave out what has room nowhere, in place of doing nothing')
    .action(async ({ file, wait, fitting }: { file: string; wait?: boolean; fitting?: boolean }) =>
      applyManifest(await readManifest(file), { wait: wait !== false, fitting: fitting === true }),
    );
  addWhatIf(
    program
      .command('plan')
      .description('say what apply would do, field by field and candidate by candidate, changing nothing')
      .option('-f, --file <path>', 'the manifest (- for standard input); without one, the workloads that there are')
      .option('-o, --output <format>', 'table, wide (every candidate with every check) or json', 'table'),
  ).action(plan);
  program
    .command('schema')
    .description('print the JSON Schema of manifests, for editors')
    .action(() => print(manifestSchemaText().trimEnd()));
};
