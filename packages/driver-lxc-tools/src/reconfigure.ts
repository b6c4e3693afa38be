import { type DriverEnvironment, type GuestPlan, ownershipOf, type Reconfigured } from '@innkeeper/driver-contract';
import { isStopped, stateOf } from './containers.ts';
import { configFor } from './creation.ts';
import { definitionOf } from './definition.ts';
import { configEntries } from './facts.ts';
import { containerFiles } from './layout.ts';
import { named } from './lifecycle.ts';
import { requireMade, requireThere, writeRecord } from './record.ts';

const cgroupKey = /^lxc\.cgroup2?\.(.+)$/;

/** What differs, as the entries of the new text; undefined when something else than limits does. */
export const changedLimits = (before: string, after: string): readonly (readonly [string, string])[] | undefined => {
  const [old, now] = [configEntries(before), configEntries(after)];
  if (old.length !== now.length || old.some(([key], at) => key !== now[at]?.[0])) return undefined;
  const changed = now.filter(([, value], at) => value !== old[at]?.[1]);
  return changed.every(([key]) => cgroupKey.test(key)) ? changed : undefined;
};

/** Writes the new config; limits are also set on a container that runs, where the kernel takes them. */
export const reconfigureContainer = async (environment: DriverEnvironment, plan: GuestPlan): Promise<Reconfigured> => {
  const { host } = environment;
  const { name, uuid } = plan;
  await requireThere(host, plan);
  await requireMade(host, plan);
  const { config } = containerFiles(name);
  const before = (await host.files.readTextIfThere(config)) ?? '';
  const after = await configFor(environment, plan);
  await host.files.write(config, after, 0o644);
  await writeRecord(host, { name, uuid, adopted: false, ownership: ownershipOf(definitionOf(plan)) });
  if (before === after) return {};
  if (isStopped(await stateOf(host, name))) return { definition: 'applied' };
  const limits = changedLimits(before, after);
  if (limits === undefined) return { definition: 'needs-restart' };
  try {
    for (const [key, value] of limits)
      await host.run([...named('lxc-cgroup', name), key.replace(cgroupKey, '$1'), value]);
    return { definition: 'applied' };
  } catch {
    // The kernel refuses, for instance, less memory than is in use.
    return { definition: 'needs-restart' };
  }
};
