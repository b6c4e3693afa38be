import type { Step } from '@innkeeper/driver-contract';
import { publishOn } from '../publish.ts';
import { managedHost } from './host.ts';
import type { OperationContext } from './kind.ts';
import type { Placed } from './place.ts';

/** Before the guest is made or changed: a port that a program of the host has is found before anything is. */
export const publishStep = (context: OperationContext, { candidate, fresh }: Placed): Step => ({
  name: 'ports',
  run: () => publishOn(context.control, managedHost(context, candidate.host), { careful: fresh }),
  ...(fresh
    ? { undo: () => publishOn(context.control, managedHost(context, candidate.host), { leaving: context.workload.id }) }
    : { noUndo: 'what it publishes is what it has claimed' }),
});

/** Before its other claims are given back. */
export const unpublishStep = (context: OperationContext, host: string): Step => ({
  name: 'ports',
  run: () => publishOn(context.control, managedHost(context, host), { leaving: context.workload.id }),
  noUndo: 'removal goes forward: what is gone is gone',
});
