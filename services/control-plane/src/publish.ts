import { readListeners } from '@innkeeper/host';
import { findHost, portsToPublish } from '@innkeeper/inventory';
import { InnkeeperError, type Listener, type PublishedPort, portText } from '@innkeeper/model';
import { publish } from '@innkeeper/network';
import type { Control, ManagedHost } from './control.ts';
import { reportedOn } from './networks.ts';

/** Bridges by the names of their networks. */
const bridgesOn = async (control: Control, name: string): Promise<ReadonlyMap<string, string>> => {
  const host = await findHost(control.inventory.db, name);
  const networks = host === undefined ? [] : reportedOn(host);
  return new Map(networks.flatMap((one) => (one.bridge === undefined ? [] : [[one.name, one.bridge] as const])));
};

const refuseBound = (host: string, published: readonly PublishedPort[], listening: readonly Listener[]): void => {
  for (const port of published) {
    const other = listening.find((one) => one.address === undefined && portText(one) === portText(port));
    if (other !== undefined)
      throw new InnkeeperError(
        'conflict',
        `${portText(port)} of ${host} is held by ${other.program ?? 'a program of the host'}`,
        { hint: 'stop it, or publish another port' },
      );
  }
};

/** Throws `conflict` when a program of the host listens on one of the ports: it would not be reached any more. */
export const requireUnbound = async (managed: ManagedHost, ports: readonly PublishedPort[]): Promise<void> => {
  if (ports.length > 0) refuseBound(managed.name, ports, await readListeners(managed.host));
};

export interface PublishOptions {
  /** A workload that gives back its ports: whoever publishes after it finds them no more. */
  readonly leaving?: string;
  /** As {@link requireUnbound}, for all that the host publishes. */
  readonly careful?: boolean;
}

/** Makes what a host publishes what the inventory says; again is no change. One after the other for each host. */
export const publishOn = async (
  control: Control,
  managed: ManagedHost,
  options: PublishOptions = {},
): Promise<void> => {
  const { name, host } = managed;
  await control.inventory.transaction(async (tx) => {
    const ports = await portsToPublish(tx, name, options.leaving);
    const bridges = ports.length === 0 ? new Map<string, string>() : await bridgesOn(control, name);
    const listening = ports.length === 0 ? [] : await readListeners(host);
    const published = ports.flatMap(({ network, ...port }) => {
      const bridge = bridges.get(network);
      return bridge === undefined ? [] : [{ ...port, bridge }];
    });
    if (options.careful === true) refuseBound(name, published, listening);
    await publish(host, control.config.paths, published, listening);
  });
};
