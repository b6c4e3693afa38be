import type { Host } from '@innkeeper/host';
import { type DomainChanges, domainChanges } from './changes.ts';
import { type DomainReads, domainReads } from './domains.ts';
import { type StatsReads, statsReads } from './domstats.ts';
import { type EventOptions, events, type LibvirtEvent } from './events.ts';
import { type Networks, networks } from './networks.ts';
import { type NodeReads, nodeReads } from './node.ts';
import { createVirsh, type VirshOptions } from './virsh.ts';

export type LibvirtUri = 'lxc:///system' | 'qemu:///system' | (string & {});

/**
 * One libvirt connection of one host: eight calls at a time, 30 s each. A virsh that has answered stays for the next
 * call and ends when none comes.
 */
export interface Libvirt extends DomainReads, DomainChanges, StatsReads, NodeReads, Networks {
  readonly host: Host;
  readonly uri: string;
  /**
   * What happens to domains and when everything has to be read again, until the signal fires.
   * A process of its own; it comes back by itself when libvirtd does.
   */
  events(signal: AbortSignal): AsyncIterable<LibvirtEvent>;
}

export interface ConnectOptions extends VirshOptions {
  readonly events?: EventOptions;
}

/** Nothing is run yet; throws `invalid` for a URI that Innkeeper does not use. */
export const connect = (host: Host, uri: LibvirtUri, options: ConnectOptions = {}): Libvirt => {
  const virsh = createVirsh(host, uri, options);
  return {
    host,
    uri,
    ...domainReads(virsh),
    ...domainChanges(virsh),
    ...statsReads(virsh),
    ...nodeReads(virsh),
    ...networks(virsh),
    events: (signal) => events(host, uri, signal, options.events),
  };
};
