import type { GuestRow, WorkloadRow } from '@innkeeper/inventory';
import type { WorkloadView } from '@innkeeper/model';

type Probed = Pick<WorkloadRow, 'spec' | 'readyAt' | 'readinessText' | 'probedLife'>;
type Seen = Pick<GuestRow, 'observation'> | undefined;

/** What is known of a workload's readiness; undefined without a probe, and while its guest does not run. */
export const readinessOf = (row: Probed, guest: Seen): WorkloadView['readiness'] => {
  if (row.spec.readiness === undefined || guest?.observation.state !== 'running') return undefined;
  const { startedAtMs } = guest.observation;
  // What was found of an earlier life of the guest says nothing of this one.
  const counts = row.probedLife === (startedAtMs === undefined ? null : String(startedAtMs));
  if (counts && row.readyAt !== null) return { ready: true, since: row.readyAt.toISOString() };
  return { ready: false, text: (counts ? row.readinessText : null) ?? 'not probed yet' };
};
