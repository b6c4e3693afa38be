import { type WorkloadView, whyNot } from '@innkeeper/model';
import type { Action } from '../api/queries.ts';

/** Why a button of the page is disabled: the shared table of states, and what only the page cares about. */
export const notActionable = (action: Action, workload: WorkloadView): string | undefined => {
  if (!workload.managed) return 'Innkeeper did not create this guest: it is shown, never touched';
  if (action === 'adopt') return `${workload.name} is managed already`;
  if (action === 'release') return undefined;
  const reason = whyNot(action, workload.state);
  if (reason !== undefined) return reason;
  const settled = workload.drift.length === 0 && workload.operation === undefined;
  if (settled && action === 'start' && workload.state === 'running') return `${workload.name} is running already`;
  if (settled && action === 'resume' && workload.state === 'running') return `${workload.name} is not paused`;
  if (settled && action === 'stop' && workload.state === 'stopped') return `${workload.name} is stopped already`;
  return undefined;
};
