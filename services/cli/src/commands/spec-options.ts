import { parseWorkloadSpec, type WorkloadSpec } from '@innkeeper/model';
import type { Command } from 'commander';
import { numberOption } from './numbers.ts';

/** What of a workload can be said without a manifest. */
export interface SpecOptions {
  readonly cpus?: string;
  readonly memory?: string;
  readonly disk?: string;
  readonly isolation?: string;
  readonly backend?: string;
  readonly pool?: string;
  readonly publish?: readonly string[];
  readonly project?: string;
}

export const addSpecOptions = (command: Command): Command =>
  command
    .option('--cpus <number>', 'processors')
    .option('--memory <size>', 'such as 1GiB')
    .option('--disk <size>', 'such as 10GiB')
    .option('--isolation <kind>', 'shared or strong (a kernel of its own)')
    .option('--backend <kind>', 'auto, lxc or kvm')
    .option('--pool <pool>', 'the place of its host that it stands on')
    .option('-p, --publish <ports...>', 'a port of the host for one of its own: 8080:80, 53:53/udp')
    .option('--project <name>', 'whom it belongs to');

/** Throws `invalid` with the path of the field below `base`. */
export const specOf = (image: string, options: SpecOptions, base: string): WorkloadSpec => {
  const { cpus, memory, disk, isolation, backend, pool, publish, project } = options;
  const networks = publish === undefined ? undefined : [{ ports: publish }];
  const given = { image, cpus: numberOption('cpus', cpus), memory, disk, isolation, backend, pool, networks, project };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return parseWorkloadSpec(Object.fromEntries(set), base);
};
