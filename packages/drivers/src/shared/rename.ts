import type { GuestRef, HeldNetwork, Step } from '@innkeeper/driver-contract';
import { el, type Libvirt, updateDomain } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import { absent, requireMade, undefineGuest } from './lifecycle.ts';
import { releaseAddresses, reserveAddresses } from './networks.ts';
import type { Observer } from './observer.ts';

/** Gives a domain that does not run another name. Can be repeated after a kill at any point. */
export type Rename = (guest: GuestRef, to: string) => Promise<void>;

/** False when it has the name already. Throws `conflict` while it runs, and when the name is another's. */
const isWanted = async (libvirt: Libvirt, guest: GuestRef, to: string): Promise<boolean> => {
  const domains = await libvirt.domains();
  const own = domains.find(({ uuid }) => uuid === guest.uuid);
  if (own?.name === to) return false;
  if (own !== undefined && own.state !== 'stopped')
    throw new InnkeeperError('conflict', `${guest.name} is ${own.state}: only a stopped guest gets another name`, {
      hint: `inn stop ${guest.name}`,
    });
  if (domains.some(({ name }) => name === to))
    throw new InnkeeperError('conflict', `Another guest of this host is called ${to}`);
  return true;
};

/** libvirt renames machines itself. */
export const renameMachine =
  (libvirt: Libvirt): Rename =>
  async (guest, to) => {
    if (await isWanted(libvirt, guest, to)) await libvirt.rename(guest.uuid, to);
  };

/**
 * libvirt's LXC driver has no call for it [9.0: virDomainRename is not supported]: the definition is taken away and comes
 * back with the name. It lies in a file meanwhile, which a repetition or the undo finds.
 */
export const renameContainer =
  (libvirt: Libvirt, { state }: Pick<Paths, 'state'>): Rename =>
  async (guest, to) => {
    const { files } = libvirt.host;
    const folder = `${state}/renaming`;
    const spare = `${folder}/${guest.uuid}.xml`;
    const current = (await libvirt.xml([guest.uuid], { inactive: true })).get(guest.uuid);
    if (await isWanted(libvirt, guest, to)) {
      const xml = current ?? (await files.readTextIfThere(spare));
      if (xml === undefined) throw absent(guest);
      const renamed = updateDomain(xml, [{ path: ['name'], element: el('name', {}, to) }]);
      if (current !== undefined) {
        await files.makeDirectory(folder, 0o700);
        await files.write(spare, current);
        await undefineGuest(libvirt, guest.uuid, {});
      }
      await libvirt.define(renamed, { validate: false });
    }
    await files.remove(spare);
  };

/** The domain, and then what DHCP servers call it. */
export const renameSteps = (
  libvirt: Libvirt,
  observer: Observer,
  rename: Rename,
  { guest, to, networks }: { readonly guest: GuestRef; readonly to: string; readonly networks: readonly HeldNetwork[] },
): readonly Step[] => {
  const call = async (name: string): Promise<void> => {
    await requireMade(observer, guest);
    await rename(guest, name);
    observer.forget();
  };
  const reserve = async (name: string): Promise<void> => {
    for (const old of [guest.name, to]) await releaseAddresses(libvirt, old, networks);
    await reserveAddresses(libvirt, name, networks);
  };
  return [
    { name: 'rename', run: () => call(to), undo: () => call(guest.name) },
    { name: 'addresses', run: () => reserve(to), undo: () => reserve(guest.name) },
  ];
};
