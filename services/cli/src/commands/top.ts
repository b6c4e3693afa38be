import { setTimeout as delay } from 'node:timers/promises';
import { InnkeeperError, parseDuration, type WorkloadView } from '@innkeeper/model';
import type { Command } from 'commander';
import { checkFormat, print } from '../show/output.ts';
import { type Sorting, sortings, sortTop, type TopRow, topRows, topTable } from '../show/top.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

interface TopOptions {
  readonly sort: string;
  readonly delay: string;
  readonly once?: boolean;
  readonly output: string;
}

const checkSorting = (text: string): Sorting => {
  const found = sortings.find((one) => one === text);
  if (found === undefined) throw new InnkeeperError('invalid', `--sort ${text}: must be one of ${sortings.join(', ')}`);
  return found;
};

const checkDelay = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 200 || ms > 3_600_000)
    throw new InnkeeperError('invalid', `--delay ${text}: must be between 200ms and 1h, such as 2s`);
  return ms;
};

const read = async (names: readonly string[]): Promise<WorkloadView[]> => {
  const all = await client().workloads({ stats: true });
  const missing = names.find((name) => !all.some((view) => view.name === name));
  if (missing !== undefined)
    throw new InnkeeperError('not_found', `There is no workload ${missing}`, { hint: 'inn ls shows what there is' });
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
};

const clear = '\u001b[H\u001b[J';

/** As many lines as the terminal has: what is below would push the head out. */
const fitted = (text: string): string =>
  text
    .split('\n')
    .slice(0, Math.max(2, (process.stdout.rows ?? 24) - 2))
    .map((line) => line.slice(0, process.stdout.columns ?? 200))
    .join('\n');

/** Until `q` or Ctrl-C. */
const follow = async (
  next: (before: readonly WorkloadView[]) => Promise<{ rows: readonly TopRow[]; views: readonly WorkloadView[] }>,
  delayMs: number,
): Promise<void> => {
  const stopping = new AbortController();
  const onKey = (keys: Buffer): void => {
    if (keys.includes('q') || keys.includes('\u0003')) stopping.abort();
  };
  process.stdin.setRawMode(true);
  process.stdin.on('data', onKey).resume();
  try {
    let before: readonly WorkloadView[] = [];
    while (!stopping.signal.aborted) {
      const { rows, views } = await next(before);
      before = views;
      process.stdout.write(`${clear}${fitted(topTable(rows))}\n${new Date().toLocaleTimeString()}  q ends\n`);
      await delay(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  } finally {
    process.stdin.off('data', onKey).pause();
    process.stdin.setRawMode(false);
  }
};

export const addTop = (program: Command): void => {
  program
    .command('top [names...]')
    .description('what guests use now: processors, memory, disk, network, pressure')
    .option('--sort <figure>', sortings.join(', '), 'cpu')
    .option('-d, --delay <duration>', 'between two readings', '2s')
    .option('--once', 'print one table and end (always so without a terminal)')
    .option('-o, --output <format>', 'table or json', 'table')
    .addHelpText(
      'after',
      examples(
        ['inn top', 'all guests, the busiest first; q ends it'],
        ['inn top web db --sort memory -d 5s', 'two of them, by memory, every five seconds'],
        ['inn top --once -o json', 'one reading for a program'],
      ),
    )
    .action(async (names: readonly string[], options: TopOptions) => {
      const [sorting, delayMs, format] = [
        checkSorting(options.sort),
        checkDelay(options.delay),
        checkFormat(options.output),
      ];
      const next = async (before: readonly WorkloadView[]) => {
        const views = await read(names);
        return { views, rows: sortTop(topRows(before, views), sorting) };
      };
      const live = process.stdin.isTTY === true && process.stdout.isTTY === true;
      if (live && options.once !== true && format === 'table') return follow(next, delayMs);
      const { views } = await next([]);
      await delay(delayMs);
      const { rows } = await next(views);
      if (format !== 'json') return print(topTable(rows));
      const shown = rows.map(({ view: { name, host, backend, stats }, rates }) => ({
        name,
        host,
        backend,
        stats,
        rates,
      }));
      return print(JSON.stringify(shown, null, 2));
    });
};
