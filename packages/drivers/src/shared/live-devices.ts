import { setTimeout as delay } from 'node:timers/promises';
import {
  buildXml,
  type DomainDescription,
  describeDomain,
  el,
  type Libvirt,
  type XmlElement,
} from '@innkeeper/libvirt';
import { InnkeeperError } from '@innkeeper/model';

/** How long a guest may take to let a device go; one that never does keeps it until it is restarted. */
const releaseMs = 8000;
const lookAgainMs = 200;

/** What a running guest cannot be given or relieved of waits for its next start, which is seen by comparing definitions. */
const orLater = async (work: Promise<void>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof InnkeeperError && ['conflict', 'host_error', 'unsupported'].includes(error.code)) return false;
    throw error;
  }
};

const attach = (libvirt: Libvirt, uuid: string, device: XmlElement): Promise<boolean> =>
  orLater(libvirt.attachDevice(uuid, buildXml(device), ['live']));

/** Asks the guest to let a device go, and waits until it has. */
const detach = async (
  libvirt: Libvirt,
  uuid: string,
  device: XmlElement,
  isThere: (live: DomainDescription) => boolean,
): Promise<void> => {
  if (!(await orLater(libvirt.detachDevice(uuid, buildXml(device), ['live'])))) return;
  const deadline = Date.now() + releaseMs;
  while (Date.now() < deadline) {
    const xml = (await libvirt.xml([uuid])).get(uuid);
    if (xml === undefined || !isThere(describeDomain(xml))) return;
    await delay(lookAgainMs);
  }
};

const macsOf = ({ interfaces }: DomainDescription): string[] =>
  interfaces.flatMap(({ mac }) => (mac === undefined ? [] : [mac.toLowerCase()]));

/** Takes away interfaces that the new definition has no more, and adds those it has besides; answers the latter's MACs. */
export const changeInterfaces = async (
  libvirt: Libvirt,
  uuid: string,
  live: DomainDescription,
  wanted: ReadonlyMap<string, XmlElement>,
): Promise<string[]> => {
  for (const { mac, network } of live.interfaces) {
    if (mac === undefined || wanted.has(mac.toLowerCase())) continue;
    const device = el(
      'interface',
      { type: 'network' },
      el('mac', { address: mac }),
      el('source', { network: network ?? '' }),
    );
    await detach(libvirt, uuid, device, (now) => macsOf(now).includes(mac.toLowerCase()));
  }
  const there = macsOf(live);
  const added: string[] = [];
  for (const [mac, device] of wanted)
    if (!there.includes(mac) && (await attach(libvirt, uuid, device))) added.push(mac);
  return added;
};

/** The same for disks of a machine, by their files; `below` is the folder of those that may come and go. */
export const changeDisks = async (
  libvirt: Libvirt,
  uuid: string,
  live: DomainDescription,
  { below, wanted }: { readonly below: string; readonly wanted: ReadonlyMap<string, (target: string) => XmlElement> },
): Promise<void> => {
  const ours = live.disks.filter(({ source }) => source?.startsWith(`${below}/`));
  for (const { source, target } of ours) {
    if (source === undefined || wanted.has(source)) continue;
    const device = el(
      'disk',
      { type: 'file', device: 'disk' },
      el('source', { file: source }),
      el('target', { dev: target }),
    );
    await detach(libvirt, uuid, device, (now) => now.disks.some((one) => one.source === source));
  }
  const taken = new Set(live.disks.map(({ target }) => target));
  for (const [source, device] of wanted) {
    if (ours.some((one) => one.source === source)) continue;
    const target = [...'bcdefghijklmnop'].map((letter) => `vd${letter}`).find((name) => !taken.has(name)) ?? 'vdz';
    if (await attach(libvirt, uuid, device(target))) taken.add(target);
  }
};
