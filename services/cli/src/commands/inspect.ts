import type { Command } from 'commander';
import { printFindings } from '../show/hosts.ts';
import { checkFormat, outputOption, print, printItems } from '../show/output.ts';
import { plain } from '../show/style.ts';
import { workloadList } from '../show/workloads.ts';
import { client } from '../target.ts';

const addLists = (program: Command): void => {
  program
    .command('ls')
    .alias('list')
    .description('list workloads; json and yaml have the guests that Innkeeper did not create as well')
    .option('-a, --all', 'the guests on the hosts that Innkeeper did not create, too')
    .option(...outputOption)
    .action(async ({ output, all = false }: { output: string; all?: boolean }) => {
      const format = checkFormat(output);
      const views = await client().workloads({ stats: format !== 'name' });
      await printItems(
        format,
        format === 'name' && !all ? views.filter(({ managed }) => managed) : views,
        ({ name }) => name,
        (wide) => workloadList(views, { all, wide }),
      );
    });
  program
    .command('show <name>')
    .description('everything about one workload')
    .option('-o, --output <format>', 'yaml or json', 'yaml')
    .action(async (name: string, { output }: { output: string }) => {
      const view = await client().workload(name);
      print(
        checkFormat(output) === 'json'
          ? JSON.stringify(view, null, 2)
          : (await import('yaml')).stringify(view).trimEnd(),
      );
    });
};

const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('look at everything an installation depends on, and say what to do')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => printFindings(output, await client().doctor()));
};

const addEvents = (program: Command): void => {
  program
    .command('events')
    .description('show what happens, as it happens')
    .option('--after <id>', 'begin after this event')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async ({ after, output }: { after?: string; output: string }) => {
      const format = checkFormat(output);
      const stopping = new AbortController();
      process.once('SIGINT', () => stopping.abort());
      try {
        for await (const event of client().events(stopping.signal, after)) {
          print(
            format === 'json' ? JSON.stringify(event) : `${event.at}  ${event.kind.padEnd(20)}  ${plain(event.text)}`,
          );
        }
      } catch (error) {
        if (!stopping.signal.aborted) throw error;
      }
    });
};

export const addInspection = (program: Command): void => {
  addLists(program);
  addDoctor(program);
  addEvents(program);
};
