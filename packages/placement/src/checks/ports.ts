import { type CheckResult, portText, publicationsOf } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest } from '../snapshot.ts';
import { failedForNow, passed } from './check.ts';

/** A check for each port of the host that is asked for. Who holds one may go, so that waiting is of use. */
export const portChecks = (host: HostSnapshot, { spec }: PlacementRequest): CheckResult[] =>
  publicationsOf(spec.networks).map((port) => {
    const need = portText(port);
    const check = `port:${need}`;
    const holder = (host.ports ?? []).find((one) => portText(one) === need)?.holder;
    return holder === undefined
      ? passed(check, need, { have: 'free', text: `${need} of ${host.name} is free` })
      : failedForNow(check, need, 'port_taken', {
          have: `held by ${holder}`,
          text: `${need} of ${host.name} is held by ${holder}`,
        });
  });
