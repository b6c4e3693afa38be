import type { AdoptGroup, GuestRef } from '@innkeeper/driver-contract';
import { buildXml, type DomainDescription, type DomainState, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Ownership } from '@innkeeper/model';
import { beyondModel } from './beyond.ts';
import { bareMetadata, metadataKey, metadataUri, readOwnership } from './metadata.ts';
import type { Observer } from './observer.ts';
import { cpusOf, memoryOf } from './pending.ts';

interface Found {
  readonly state: DomainState;
  readonly xml: string;
  readonly owned: Ownership | undefined;
}

const runs = ({ state }: DomainState): boolean => state === 'running' || state === 'paused' || state === 'other';

const find = async (libvirt: Libvirt, { uuid }: GuestRef): Promise<Found | undefined> => {
  const state = (await libvirt.domains()).find((one) => one.uuid === uuid);
  const xml = state === undefined ? undefined : (await libvirt.xml([uuid], { inactive: true })).get(uuid);
  if (state === undefined || xml === undefined) return undefined;
  return { state, xml, owned: readOwnership(describeDomain(xml).metadata) };
};

const requireFound = async (libvirt: Libvirt, guest: GuestRef): Promise<Found> => {
  const found = await find(libvirt, guest);
  if (found === undefined) throw new InnkeeperError('not_found', `There is no guest ${guest.name} to adopt`);
  return found;
};

/** Throws `conflict` for one that would not be there after its stop. */
const requireLasting = ({ name }: GuestRef, { state }: Found): void => {
  if (state.persistent) return;
  throw new InnkeeperError('conflict', `${name} is transient: libvirt forgets it when it stops`, {
    hint: `virsh dumpxml ${name} > ${name}.xml && virsh define ${name}.xml makes it stay; then adopt it`,
  });
};

/** Throws `conflict` for one that is somebody's already. */
const requireFree = ({ name }: GuestRef, { owned }: Found, wanted: Ownership): void => {
  if (owned === undefined) return;
  if (owned.installation !== wanted.installation)
    throw new InnkeeperError('conflict', `${name} belongs to another installation of Innkeeper`, {
      hint: 'release it there first',
    });
  if (owned.workloadId !== wanted.workloadId || owned.adopted === undefined)
    throw new InnkeeperError('conflict', `${name} belongs to another workload`);
};

const interfacesOn = ({ interfaces }: DomainDescription) =>
  interfaces.flatMap(({ network, mac }) => (network === undefined || mac === undefined ? [] : [{ network, mac }]));

/** Guests of others, taken over by an element of our own in their metadata and by nothing else. */
export const adoption = (libvirt: Libvirt, guests: Observer): AdoptGroup => {
  const write = async (found: Found, owned: Ownership): Promise<void> => {
    const metadata = { uri: metadataUri, key: metadataKey, xml: buildXml(bareMetadata(owned)) };
    await libvirt.setMetadata(found.state.uuid, metadata, 'config');
    if (runs(found.state)) await libvirt.setMetadata(found.state.uuid, metadata, 'live');
  };
  return {
    adoptable: async (guest) => {
      const found = await requireFound(libvirt, guest);
      requireLasting(guest, found);
      const { state, xml } = found;
      const description = describeDomain(xml);
      return {
        cpus: Math.max(1, Math.ceil(cpusOf(description))),
        memoryBytes: memoryOf(description),
        networks: interfacesOn(description),
        autostart: state.autostart,
        beyond: beyondModel(xml),
      };
    },
    adopt: async (guest, wanted) => {
      const found = await requireFound(libvirt, guest);
      requireLasting(guest, found);
      requireFree(guest, found, wanted);
      const had = found.owned?.adopted?.tookAutostart === true;
      const takes = wanted.spec.autostart === true;
      const tookAutostart = takes && (had || found.state.autostart);
      if (had && !takes) await libvirt.setAutostart(guest.uuid, true);
      // Said before it is done: after a kill in between it is known that it has to be put back.
      await write(found, { ...wanted, adopted: { tookAutostart } });
      if (tookAutostart && found.state.autostart) await libvirt.setAutostart(guest.uuid, false);
      guests.forget(found.state.name);
    },
    release: async (guest) => {
      const found = await find(libvirt, guest);
      if (found === undefined) return;
      const { state, owned } = found;
      if (owned !== undefined && owned.adopted === undefined)
        throw new InnkeeperError(
          'conflict',
          `${guest.name} was created by Innkeeper, not adopted: it cannot be released`,
        );
      if (owned?.adopted?.tookAutostart === true) await libvirt.setAutostart(state.uuid, true);
      if (runs(state)) await libvirt.removeMetadata(state.uuid, metadataUri, 'live');
      await libvirt.removeMetadata(state.uuid, metadataUri, 'config');
      guests.forget(state.name);
    },
  };
};
