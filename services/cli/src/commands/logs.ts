import { exec, openConsole } from '@innkeeper/client';
import { InnkeeperError } from '@innkeeper/model';
import type { Command } from 'commander';
import { lastLines } from '../show/lines.ts';
import { client, readTarget } from '../target.ts';
import { refusalIn } from '../terminal.ts';
import { examples } from './examples.ts';

interface LogOptions {
  readonly journal?: boolean;
  readonly follow?: boolean;
  readonly lines?: string;
  readonly unit?: string;
}

const linesOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text))
    throw new InnkeeperError('invalid', `--lines ${text}: must be a number of lines up to 999999, such as 100`);
  return Number(text);
};

const untilInterrupted = (close: () => void): void => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close);
};

/** What the console printed, and what it prints until the guest ends or somebody presses Ctrl-C. Nothing is typed into it. */
const followConsole = async (name: string, lines: number | undefined): Promise<void> => {
  let first = true;
  let left = false;
  const stream = await openConsole(readTarget(process.env), name, {
    // What was printed before comes first, and at once.
    stdout: (bytes) => {
      process.stdout.write(first ? lastLines(bytes, lines) : bytes);
      first = false;
    },
    stderr: () => undefined,
  });
  untilInterrupted(() => {
    left = true;
    stream.close();
  });
  const refusal = refusalIn(await stream.exit);
  if (refusal !== undefined && !left) throw refusal;
};

/** Why the journal of a guest cannot be had, or not followed. */
const checkJournal = async (name: string, follow: boolean): Promise<void> => {
  const { state, host, driver } = await client().workload(name);
  if (state !== 'running')
    throw new InnkeeperError('conflict', `${name} is ${state}: its journal is read by its own journalctl`, {
      hint: `inn start ${name}; inn logs ${name} shows what its console printed`,
    });
  if (!follow || host === undefined) return;
  const { drivers } = await client().host(host);
  const stream = drivers.find((one) => one.driver === driver)?.capabilities['exec.stream'];
  if (stream?.value === false)
    throw new InnkeeperError('unsupported', `--follow: the journal of ${name} comes as a whole (${stream.evidence})`, {
      hint: `leave --follow out, or follow the console: inn logs -f ${name}`,
    });
};

const notFound = 127;

const showJournal = async (name: string, { follow = false, unit }: LogOptions, lines: number): Promise<void> => {
  await checkJournal(name, follow);
  const command = [
    'journalctl',
    '--no-pager',
    `--lines=${lines}`,
    ...(follow ? ['--follow'] : []),
    ...(unit === undefined ? [] : [`--unit=${unit}`]),
  ];
  let complaint = '';
  const stream = await exec(
    readTarget(process.env),
    name,
    { command },
    {
      stdout: (bytes) => void process.stdout.write(bytes),
      stderr: (bytes) => {
        complaint = (complaint + Buffer.from(bytes).toString('utf8')).slice(-2000);
      },
    },
  );
  stream.end();
  let left = false;
  untilInterrupted(() => {
    left = true;
    stream.close();
  });
  const report = await stream.exit;
  if (left) return;
  const refusal = refusalIn(report);
  if (refusal !== undefined) throw refusal;
  if ('code' in report && report.code === notFound)
    throw new InnkeeperError('not_found', `${name} has no journalctl, and so no journal to read`, {
      hint: `inn logs ${name} shows what its console printed; its files: inn exec ${name} -- ls /var/log`,
    });
  process.stderr.write(complaint);
  process.exitCode = 'code' in report ? report.code : 128;
};

const showLogs = async (name: string, options: LogOptions): Promise<void> => {
  const lines = linesOf(options.lines);
  if (options.journal === true) return showJournal(name, options, lines ?? 100);
  if (options.unit !== undefined)
    throw new InnkeeperError('invalid', `--unit ${options.unit}: a console has no units, the journal has`, {
      hint: `inn logs ${name} --journal --unit ${options.unit}`,
    });
  if (options.follow === true) return followConsole(name, lines);
  process.stdout.write(lastLines(await client().logs(name), lines));
};

export const addLogs = (program: Command): void => {
  program
    .command('logs <name>')
    .description('what the console of a guest printed, also of one that has ended; with --journal, its journal')
    .option('-j, --journal', 'the journal, by journalctl inside the guest')
    .option('-f, --follow', 'go on as it grows, until Ctrl-C')
    .option('-n, --lines <number>', 'how many of the last lines (default: all that is kept, 100 of a journal)')
    .option('-u, --unit <unit>', 'of the journal: one unit only')
    .addHelpText(
      'after',
      examples(
        ['inn logs web', 'its console, at least the last 64 KiB'],
        ['inn logs -f -n 20 web', 'the last 20 lines of it, and what follows'],
        ['inn logs web --journal -f -u nginx', "one unit's journal, as it grows (containers)"],
      ),
    )
    .action(showLogs);
};
