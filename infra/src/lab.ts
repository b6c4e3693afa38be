import { InnkeeperError, prefixVariable } from '@innkeeper/model';
import { programDirectory } from './service/program.ts';
import type { Ground } from './setup/step.ts';

const terminalVariables = ['TERM', 'COLORTERM', 'NO_COLOR'];

/** `inn` as a child, its output as it comes: a terminal of the same size when this process has one. */
const runCommand = async (ground: Ground, words: readonly string[]): Promise<void> => {
  const inn = `${await programDirectory(ground)}/services/cli/bin/inn.js`;
  const shown = terminalVariables.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  const prefix = ground.paths.prefix === '' ? [] : [[prefixVariable, ground.paths.prefix] as const];
  const { stdout } = process;
  const child = ground.host.spawn([process.execPath, inn, ...words], {
    cwd: process.cwd(),
    env: Object.fromEntries([...shown, ...prefix]),
    ...(stdout.isTTY ? { tty: { cols: stdout.columns, rows: stdout.rows } } : {}),
  });
  child.stdout.pipe(stdout, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  if (!stdout.isTTY) child.stdin.end();
  const interrupt = (): void => child.kill('SIGINT');
  process.once('SIGINT', interrupt);
  const { code } = await child.exit.finally(() => process.off('SIGINT', interrupt));
  if (code === 0) return;
  throw new InnkeeperError('host_error', `inn ${words[0]} failed`, {
    hint: `Its output is above; again with: inn ${words.join(' ')}`,
  });
};

const exampleLab = 'examples/lab.yaml';

/**
 * The main job: a manifest is applied, and the list shows what runs. Of the example only what the machine has room for:
 * its desktop wants 4 GiB and two processors, and set-up has not failed where a small server lacks them.
 */
export const runLab = async (ground: Ground, own: string | undefined): Promise<void> => {
  const manifest = own ?? `${ground.root}/${exampleLab}`;
  if (!(await ground.host.files.facts(manifest))) {
    throw new InnkeeperError('not_found', `There is no manifest ${manifest}`, {
      hint: 'Name another with --lab, or use --no-lab',
    });
  }
  await runCommand(ground, ['apply', '-f', manifest, '--wait', ...(own === undefined ? ['--fitting'] : [])]);
  await runCommand(ground, ['ls']);
};
