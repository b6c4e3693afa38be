import { saidDeadBy } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import type { ManagedHost } from '../control.ts';
import type { OperationContext } from './kind.ts';

/** Throws `unavailable` for a host that is being removed. */
export const managedHost = ({ control }: Pick<OperationContext, 'control'>, host: string): ManagedHost => {
  const managed = control.hosts.get(host);
  if (managed === undefined) throw new InnkeeperError('unavailable', `The host ${host} is not open`);
  return managed;
};

/** Throws `conflict` for a host that was said to be dead: nothing is started there before somebody has looked. */
export const requireReturned = async ({ control }: Pick<OperationContext, 'control'>, host: string): Promise<void> => {
  const by = await saidDeadBy(control.inventory.db, host);
  if (by === undefined) return;
  throw new InnkeeperError('conflict', `${host} is quarantined: ${by} said that it was dead`, {
    hint: `see what is there, then inn host return ${host}`,
  });
};
