import { findProcess, type ProcessFacts } from '../process.ts';
import type { SetupRecord } from '../record.ts';
import { installedProgram } from '../service/program.ts';
import { usesUnits } from '../service/units.ts';
import { findAccount } from '../setup/accounts.ts';
import type { Ground } from '../setup/step.ts';
import { mountsBelow } from './mounts.ts';

/** What should be gone and is not, as phrases. `processes` are those that ran before. */
export const findRemains = async (
  { host, paths }: Ground,
  record: SetupRecord,
  processes: readonly ProcessFacts[],
): Promise<string[]> => {
  const left: string[] = [];
  const units = await usesUnits(host, paths);
  const places = [paths.state, paths.run, paths.config, paths.logs, ...record.files, ...record.symlinks];
  for (const path of [...places, ...(units ? [installedProgram] : [])])
    if (await host.files.facts(path)) left.push(path);
  for (const name of record.users) if (await findAccount(host, name)) left.push(`user ${name}`);
  for (const name of record.groups) {
    if ((await host.run(['getent', 'group', name], { expect: [0, 2] })).exitCode === 0) left.push(`group ${name}`);
  }
  for (const known of processes) {
    const now = await findProcess(host, known.pid);
    if (now?.startTicks === known.startTicks) left.push(`process ${known.pid} (${known.argv.join(' ')})`);
  }
  const mounted = mountsBelow(await host.files.readText('/proc/self/mountinfo'), paths.state);
  return [...left, ...mounted.map((point) => `${point} is mounted`)];
};
