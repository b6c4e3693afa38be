import type { Driver, Step } from '@innkeeper/driver-contract';
import { findHost, listNetworks } from '@innkeeper/inventory';
import { hostNetwork, reportedOn } from '../networks.ts';
import type { OperationContext } from './kind.ts';
import type { Placed } from './place.ts';

/** Makes those networks of ours that the guest needs and its host does not have yet. */
export const networksStep = ({ control }: OperationContext, driver: Driver, { candidate, claims }: Placed): Step => ({
  name: 'networks',
  run: async () => {
    const own = await listNetworks(control.inventory.db);
    const wanted = new Set(claims.networks.map(({ network }) => network));
    const ours = own.filter(({ name }) => wanted.has(name));
    for (const row of ours) await driver.ensureNetwork?.(hostNetwork(control.installation, row));
    const host = await findHost(control.inventory.db, candidate.host);
    const reported = new Set((host === undefined ? [] : reportedOn(host)).map(({ name }) => name));
    if (ours.some(({ name }) => !reported.has(name))) await control.probe(candidate.host);
  },
  noUndo: 'a network is there for the next workload too, until it is removed',
});
