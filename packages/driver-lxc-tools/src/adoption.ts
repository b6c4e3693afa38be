import type { AdoptGroup, GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { type Adoptable, InnkeeperError, type Ownership } from '@innkeeper/model';
import { configEntries, readConfigFacts } from './facts.ts';
import { bridge, containerFiles, foreignUuid, network } from './layout.ts';
import { readRecord, writeRecord } from './record.ts';

const netKey = /^lxc\.net\.(\d+)\./;
const limitKey = /^lxc\.cgroup2?\.(memory\.(max|limit_in_bytes)|cpu\.(max|cfs_quota_us|cfs_period_us))$/;

/** What the config says of each interface. */
const interfacesOf = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const found = new Map<string, Map<string, string>>();
  for (const [key, value] of configEntries(text)) {
    const position = netKey.exec(key)?.[1];
    if (position === undefined) continue;
    const one = found.get(position) ?? new Map<string, string>();
    found.set(position, one.set(key.slice(`lxc.net.${position}.`.length), value));
  }
  return found;
};

/** One on the network that this driver knows is a field of the specification. */
const isSaid = (one: ReadonlyMap<string, string>): boolean => one.get('link') === bridge && one.has('hwaddr');

/** What a config says, for somebody who thinks of adopting its container. */
export const adoptableOf = (text: string): Adoptable => {
  const facts = readConfigFacts(text);
  const interfaces = interfacesOf(text);
  const said = new Set([...interfaces].flatMap(([position, one]) => (isSaid(one) ? [position] : [])));
  const isBeyond = (key: string): boolean => {
    const position = netKey.exec(key)?.[1];
    if (position !== undefined) return !said.has(position);
    return !limitKey.test(key) && key !== 'lxc.uts.name' && key !== 'lxc.start.auto';
  };
  const entries = configEntries(text);
  return {
    cpus: facts.cpus ?? 1,
    memoryBytes: facts.memoryBytes ?? 0,
    networks: [...interfaces.values()]
      .filter(isSaid)
      .map((one) => ({ network, mac: (one.get('hwaddr') ?? '').toLowerCase() })),
    autostart: entries.findLast(([key]) => key === 'lxc.start.auto')?.[1] === '1',
    beyond: entries.filter(([key]) => isBeyond(key)).map(([key, value]) => `${key} ${value}`.slice(0, 160)),
  };
};

const requireConfig = async (host: Host, name: string): Promise<string> => {
  const text = await host.files.readTextIfThere(containerFiles(name).config);
  if (text !== undefined) return text;
  throw new InnkeeperError('not_found', `There is no container ${name} to adopt`);
};

/** Takes a foreign container over where it stands: only our record is added, which LXC does not read. */
const adoptContainer = async (host: Host, { uuid, name }: GuestRef, owned: Ownership): Promise<void> => {
  const record = await readRecord(host, name);
  const files = containerFiles(name);
  if (record === undefined) {
    await requireConfig(host, name);
    if ((await host.files.facts(files.record)) !== undefined)
      throw new InnkeeperError('conflict', `${name} has a record of Innkeeper's that is not its own`, {
        hint: `remove ${files.record}, which a copy or a damage left there`,
      });
  }
  if (uuid !== (record?.uuid ?? foreignUuid(name)) || (record !== undefined && !isSame(record.ownership, owned)))
    throw new InnkeeperError('conflict', `${name} belongs to another workload`);
  if (record?.adopted === false)
    throw new InnkeeperError('conflict', `${name} was created by Innkeeper: there is nothing to adopt`);
  if (owned.spec.autostart === true)
    throw new InnkeeperError('unsupported', `The autostart of ${name} stands in its config, which is its owner's`, {
      hint: `adopt it without taking the autostart, or remove lxc.start.auto from ${files.config}`,
    });
  const ownership = { ...owned, adopted: { tookAutostart: false } };
  await writeRecord(host, { name, uuid, adopted: true, ownership });
};

const isSame = (a: Ownership, b: Ownership): boolean =>
  a.installation === b.installation && a.workloadId === b.workloadId;

/** Gives an adopted container back as it was. One that we made has nobody to go back to. */
const releaseContainer = async (host: Host, guest: GuestRef): Promise<void> => {
  const record = await readRecord(host, guest.name);
  if (record === undefined) return;
  if (record.uuid !== guest.uuid) throw new InnkeeperError('conflict', `${guest.name} belongs to another workload`);
  if (!record.adopted)
    throw new InnkeeperError('conflict', `${guest.name} was created by Innkeeper, not adopted: it cannot be released`);
  await host.files.remove(containerFiles(guest.name).record);
};

export const adoption = (host: Host): AdoptGroup => ({
  adoptable: async ({ name }) => adoptableOf(await requireConfig(host, name)),
  adopt: (guest, owned) => adoptContainer(host, guest, owned),
  release: (guest) => releaseContainer(host, guest),
});
