import type { GuestRef, NetworkClaim } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { el, type XmlElement } from '@innkeeper/libvirt';
import type { NetworkAttachment } from '@innkeeper/model';
import { bandwidthElement } from '../shared/bandwidth.ts';
import { initPids } from './init.ts';

const nameInside = (position: number): string => `eth${position}`;

export const interfaceElement = (
  { network, mac, address, address6 }: NetworkClaim,
  position: number,
  attachment: NetworkAttachment | undefined,
): XmlElement =>
  el(
    'interface',
    { type: 'network' },
    el('mac', { address: mac }),
    el('source', { network }),
    address !== undefined && el('ip', { family: 'ipv4', address: address.ip, prefix: address.prefix }),
    address !== undefined &&
      position === 0 &&
      el('route', { family: 'ipv4', address: '0.0.0.0', prefix: 0, gateway: address.gateway }),
    address6 !== undefined && el('ip', { family: 'ipv6', address: address6.ip, prefix: address6.prefix }),
    address6 !== undefined &&
      position === 0 &&
      el('route', { family: 'ipv6', address: '::', prefix: 0, gateway: address6.gateway }),
    el('guest', { dev: nameInside(position) }),
    bandwidthElement(attachment),
  );

/** Part of `ip -json link` that is read. */
interface Link {
  readonly ifname: string;
  readonly address?: string;
}

/**
 * Names an interface that was attached to a running container, gives it its address and switches it on: libvirt does so
 * only when a container starts. [libvirt 9.0, lxcDomainAttachDeviceNetLive]
 */
export const configureInterface = async (
  host: Host,
  guest: GuestRef,
  { mac, address, address6 }: NetworkClaim,
  position: number,
): Promise<void> => {
  const pid = (await initPids(host, [guest])).get(guest.uuid);
  if (pid === undefined) return;
  const ip = (words: readonly string[], expect: readonly number[] = [0]) =>
    host.run(['nsenter', '--net', `--target=${pid}`, '--', 'ip', ...words], { expect });
  const links = JSON.parse((await ip(['-json', 'link'])).stdout) as readonly Link[];
  const found = links.find((link) => link.address?.toLowerCase() === mac)?.ifname;
  if (found === undefined) return;
  // Another one may still have the name, until the next start.
  const wanted = nameInside(position);
  const name = found !== wanted && !links.some(({ ifname }) => ifname === wanted) ? wanted : found;
  if (name !== found) await ip(['link', 'set', 'dev', found, 'name', name]);
  // 2: there already.
  for (const one of [address, address6])
    if (one !== undefined) await ip(['address', 'add', `${one.ip}/${one.prefix}`, 'dev', name], [0, 2]);
  await ip(['link', 'set', 'dev', name, 'up']);
};
