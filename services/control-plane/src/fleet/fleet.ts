import { ensureHost, listHosts, listNetworks } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { forgetNames } from '@innkeeper/network';
import { record } from '../access/trail.ts';
import type { Control, ManagedHost } from '../control.ts';
import { type Namer, openNamer } from '../names.ts';
import { coalesce } from '../observation/coalesce.ts';
import { observeDriver, observeGuest, probeHost } from '../observation/observe.ts';
import { lookAndStore } from './add.ts';
import { hostAt, localAddress, openHost } from './open.ts';
import { cleanHost, forgetHost } from './remove.ts';
import { watchHost } from './watch.ts';

type Ground = Omit<Control, 'become' | 'hosts' | 'observe' | 'observeGuest' | 'probe' | 'nameGuests' | 'fleet'>;

/** A control plane's hosts, and how they are followed. */
export interface OpenFleet {
  readonly control: Control;
  /**
   * Opens what is stored, beside this machine, which is there already, and forgets what is not any more; waits for none of them to
   * answer.
   */
  openStored(): Promise<void>;
  /** Follows all hosts, and those that are added, until `stop`. */
  follow(): void;
  stop(): void;
}

/** Begins with this machine alone, under its name. */
export const openFleet = async (ground: Ground, localName: string): Promise<OpenFleet> => {
  const { config, inventory } = ground;
  const hosts = new Map<string, ManagedHost>();
  const observers = new Map<string, ReadonlyMap<string, () => Promise<void>>>();
  const probers = new Map<string, () => Promise<void>>();
  const namers = new Map<string, Namer>();
  const ends = new Map<string, AbortController>();
  const adding = new Set<string>();
  let following = false;
  let { installation } = ground;

  const enter = (managed: ManagedHost, end: AbortController): void => {
    const { name, drivers } = managed;
    hosts.set(name, managed);
    ends.set(name, end);
    namers.set(name, openNamer(control, managed));
    probers.set(
      name,
      coalesce(() => probeHost(ground, managed)),
    );
    observers.set(
      name,
      new Map([...drivers.keys()].map((id) => [id, coalesce(() => observeDriver(control, managed, id))])),
    );
    if (following) watchHost(control, managed, end.signal);
  };

  const leave = (name: string): void => {
    ends.get(name)?.abort();
    for (const known of [hosts, observers, probers, namers, ends]) known.delete(name);
  };

  const open = async (name: string, address: string): Promise<void> => {
    const end = new AbortController();
    enter(await openHost(config, hostAt(config, ground.lease, address), name, end.signal), end);
  };

  const control: Control = {
    ...ground,
    get installation() {
      return installation;
    },
    become: (other) => {
      installation = other;
    },
    hosts,
    observe: async (name, driver) => {
      const all = [...(observers.get(name) ?? [])];
      await Promise.all(all.filter(([id]) => driver === undefined || id === driver).map(([, look]) => look()));
    },
    observeGuest: async (name, driver, guest) => {
      const managed = hosts.get(name);
      if (managed !== undefined) await observeGuest(control, managed, driver, guest);
    },
    probe: async (name) => probers.get(name)?.(),
    nameGuests: async (name, again = false) => namers.get(name)?.(again),
    fleet: {
      add: async (wanted) => {
        const { address } = wanted;
        if (adding.has(address)) throw new InnkeeperError('conflict', `${address} is being added already`);
        adding.add(address);
        try {
          const end = new AbortController();
          const managed = await lookAndStore(control, wanted, end.signal);
          enter(managed, end);
          await control
            .observe(managed.name)
            .catch((error: unknown) => ground.log.warn({ err: error }, 'the first look at the host failed'));
          ground.wakeWaiting();
          return managed.name;
        } finally {
          adding.delete(address);
        }
      },
      remove: async (name, trail) => {
        await inventory.transaction(async (tx) => {
          const before = await forgetHost(tx, name);
          await record(tx, trail, { resource: { kind: 'host', name }, before });
        });
        for (const driver of hosts.get(name)?.drivers.values() ?? [])
          await cleanHost(driver, await listNetworks(inventory.db), installation).catch((error: unknown) =>
            ground.log.warn({ host: name, err: error }, 'something of ours stays there'),
          );
        const left = hosts.get(name);
        if (left !== undefined)
          await forgetNames(left.host, config.paths).catch((error: unknown) =>
            ground.log.warn({ host: name, err: error }, 'names of guests stay there'),
          );
        leave(name);
      },
    },
  };

  const other = (await listHosts(inventory.db)).find(
    ({ name, address }) => address === localAddress && name !== localName,
  );
  if (other !== undefined)
    throw new InnkeeperError(
      'conflict',
      `The inventory belongs to the machine ${other.name}, and this one is ${localName}`,
      {
        hint: `control planes that share an inventory run on one machine; if it was called ${other.name} before, set INNKEEPER_HOST_NAME=${other.name}`,
      },
    );
  await ensureHost(inventory.db, localName, localAddress);
  await open(localName, localAddress);
  return {
    control,
    openStored: async () => {
      const stored = await listHosts(inventory.db);
      for (const name of [...hosts.keys()]) if (!stored.some((one) => one.name === name)) leave(name);
      for (const { name, address } of stored) {
        if (address === localAddress || hosts.has(name) || adding.has(address)) continue;
        await open(name, address).catch((error: unknown) =>
          ground.log.error({ host: name, address, err: error }, 'a host cannot be opened'),
        );
      }
    },
    follow: () => {
      following = true;
      for (const [name, managed] of hosts) {
        const end = ends.get(name);
        if (end !== undefined) watchHost(control, managed, end.signal);
      }
    },
    stop: () => {
      for (const end of ends.values()) end.abort();
    },
  };
};
