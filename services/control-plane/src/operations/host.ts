import { InnkeeperError } from '@innkeeper/model';
import type { ManagedHost } from '../control.ts';
import type { OperationContext } from './kind.ts';

/** Throws `unavailable` for a host that is being removed. */
export const managedHost = ({ control }: Pick<OperationContext, 'control'>, host: string): ManagedHost => {
  const managed = control.hosts.get(host);
  if (managed === undefined) throw new InnkeeperError('unavailable', `The host ${host} is not open`);
  return managed;
};
