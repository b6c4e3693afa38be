import { InnkeeperError, type ReplayView, type WorkloadSpec } from '@innkeeper/model';
import type { Command } from 'commander';
import { readManifest } from '../manifest-file.ts';
import { capacityText, movesText, replayText, whyNotText } from '../show/answers.ts';
import { checkFormat, outputOption, printItems } from '../show/output.ts';
import { placementText } from '../show/placement.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';
import { addWhatIf, readWhatIf, type WhatIfOptions } from './manifest.ts';
import { addSpecOptions, type SpecOptions, specOf } from './spec-options.ts';

const addReasons = (program: Command): void => {
  program
    .command('explain <name>')
    .description('why a workload runs where and as what it runs: every candidate with every check')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      const record = await client().explain(name);
      await printItems(
        checkFormat(output),
        [record],
        ({ reason }) => reason,
        () => placementText(record),
      );
    });
  program
    .command('why-not <name> <host>')
    .description('why a workload is not on a host')
    .option(...outputOption)
    .action(async (name: string, host: string, { output }: { output: string }) => {
      const view = await client().whyNot(name, host);
      await printItems(
        checkFormat(output),
        [view],
        () => host,
        () => whyNotText(view),
      );
    });
};

const addRecords = (program: Command): void => {
  const placement = program.command('placement').description('decisions that were made, and the same again');
  placement
    .command('ls', { isDefault: true })
    .description('the latest decisions')
    .option('-w, --workload <name>', 'of one workload')
    .option('-n, --limit <number>', 'how many', '20')
    .option(...outputOption)
    .action(async ({ workload, limit, output }: { workload?: string; limit: string; output: string }) => {
      const rows = await client().placements({
        limit: Number(limit),
        ...(workload === undefined ? {} : { workload }),
      });
      await printItems(
        checkFormat(output),
        rows,
        ({ id }) => id,
        () =>
          table(
            [
              { title: 'ID', value: ({ id }) => id },
              { title: 'WORKLOAD', value: (row) => row.workload },
              {
                title: 'PLACE',
                value: ({ winner }) => (winner === undefined ? '–' : `${winner.host}/${winner.driver}`),
              },
              { title: 'WHEN', value: ({ decidedAt }) => decidedAt },
              { title: 'WHY', value: ({ reason }) => reason },
            ],
            rows,
          ),
      );
    });
  placement
    .command('show <id>')
    .description('one decision: every candidate with every check')
    .option(...outputOption)
    .action(async (id: string, { output }: { output: string }) => {
      const view = await client().placement(id);
      await printItems(
        checkFormat(output),
        [view],
        () => view.id,
        () => placementText(view.record),
      );
    });
  placement
    .command('replay <id>')
    .description('decide again what was decided, from what was known then')
    .option('--rules <which>', 'recorded (those of then) or current (those of today)', 'recorded')
    .option(...outputOption)
    .action(async (id: string, { rules, output }: { rules: string; output: string }) => {
      if (rules !== 'recorded' && rules !== 'current')
        throw new InnkeeperError('invalid', `--rules ${rules}: must be recorded or current`);
      const view: ReplayView = await client().replay(id, rules);
      await printItems(
        checkFormat(output),
        [view],
        () => String(view.same),
        () => replayText(view),
      );
    });
};

interface CapacityOptions extends WhatIfOptions, SpecOptions {
  readonly file?: string;
  readonly output: string;
}

/** The one workload of a manifest, or an image with options. */
const specFor = async (image: string | undefined, options: CapacityOptions): Promise<WorkloadSpec> => {
  if (options.file !== undefined) {
    const specs = Object.values((await readManifest(options.file)).workloads);
    const [spec] = specs;
    if (spec === undefined || specs.length > 1)
      throw new InnkeeperError(
        'invalid',
        `${options.file}: capacity counts one workload, and this has ${specs.length}`,
      );
    return spec;
  }
  if (image === undefined)
    throw new InnkeeperError('invalid', 'capacity needs an image or a manifest', {
      hint: 'inn capacity debian/12 --memory 1GiB, or inn capacity -f web.yaml',
    });
  return specOf(image, options, 'capacity');
};

const addNumbers = (program: Command): void => {
  addWhatIf(
    addSpecOptions(
      program
        .command('capacity [image]')
        .description('how many more of this would fit, and what stops the next one')
        .option('-f, --file <path>', 'a manifest with one workload'),
    ).option(...outputOption),
  ).action(async (image: string | undefined, options: CapacityOptions) => {
    const view = await client().capacity(await specFor(image, options), await readWhatIf(options));
    await printItems(
      checkFormat(options.output),
      [view],
      ({ count }) => String(count),
      () => capacityText(view),
    );
  });
  program
    .command('rebalance')
    .description('propose moves that would even the hosts out; nothing is moved')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const moves = await client().rebalance();
      await printItems(
        checkFormat(output),
        moves,
        ({ workload }) => workload,
        () => movesText(moves),
      );
    });
};

export const addPlacement = (program: Command): void => {
  addReasons(program);
  addRecords(program);
  addNumbers(program);
};
