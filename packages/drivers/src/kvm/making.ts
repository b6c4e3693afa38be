import type { CloneGroup, Driver, GuestPlan, Step } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
  copyMachine,
  createGuestDisk,
  createSeedDisk,
  destroyGuestDisk,
  destroyVolumes,
  endOfMachineCopies,
  guestDiskPath,
  type ImageStore,
  isWrittenInto,
  keepMachineClone,
  type MachineClone,
  machineCloneNote,
  removeMachineClone,
  seedDiskPath,
} from '@innkeeper/storage';
import type { Seed } from '../shared/cloud-init.ts';
import { consoleLog, consoleLogFolder } from '../shared/console-log.ts';
import type { Definition } from '../shared/definition.ts';
import { forceStop, isMade, requireMade, undefineGuest } from '../shared/lifecycle.ts';
import { releaseAddresses, reserveAddresses } from '../shared/networks.ts';
import type { Observer } from '../shared/observer.ts';
import { hasFirstBoot, machineSeed, runsOurImage } from './first-boot.ts';
import { growDisks, makeVolumes } from './growth.ts';
import type { Moments } from './moments.ts';
import { presentImage } from './present-image.ts';
import { copySeed } from './renewal.ts';
import { type Acceleration, consoleSocket, type MachineImage, machineState, machineXml } from './xml.ts';

export const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;

/** What making a machine has in common, whatever its disk comes from. */
export interface Making extends Pick<Driver, 'create'>, CloneGroup {
  /** Where QEMU's console socket and log go; made here because /run is empty after a boot. */
  readonly consoleFolders: () => Promise<void>;
  /** Made where there is none: an address may have come that a machine of no first boot has to be told. */
  readonly makeSeed: (definition: Definition) => Promise<void>;
  /** For one that holds what another one held and is somebody else: it is told so at its first start. */
  readonly makeCopySeed: (definition: Definition, former: string, written: boolean) => Promise<void>;
  readonly accelerationStep: () => Step;
  readonly addressesStep: (definition: Definition) => Step;
  /** It is defined, and does not run. */
  readonly defineStep: (definition: Definition, image: () => Promise<MachineImage | undefined>) => Step;
  readonly xmlOf: (definition: Definition, image: MachineImage | undefined) => Promise<string>;
}

interface Means {
  readonly host: Host;
  readonly paths: Paths;
  readonly libvirt: Libvirt;
  readonly images: ImageStore;
  readonly observer: Observer;
  readonly moments: Moments;
  readonly acceleration: (progress: (text: string) => void) => Promise<Acceleration>;
}

/** What is noted of a copy until it is defined. */
interface CloneNote {
  /** What the other machine started from; missing for one that starts from its disk alone. */
  readonly image?: MachineImage | undefined;
}

/** From nothing to a machine that does not run: of an image, or of another machine. */
export const makingOf = ({ host, paths, libvirt, images, observer, moments, acceleration }: Means): Making => {
  const { stateOfMade, requireWhole, inOneMoment, goOn } = moments;

  const newImage = (definition: Definition): MachineImage | undefined =>
    runsOurImage(definition) ? { ...images.diskPaths(definition.spec.image), shell: true, copied: false } : undefined;

  /** The disk that its own is an overlay of; none for one that begins empty. */
  const backingOf = async (definition: Definition): Promise<string | undefined> => {
    const { image, diskBytes } = definition.spec;
    if (image.source.kind === 'stored') return images.storedDisk(image, diskBytes);
    return runsOurImage(definition) ? images.diskPaths(image).disk : undefined;
  };

  const consoleFolders = async (): Promise<void> => {
    await host.files.makeDirectory(`${paths.run}/consoles`, 0o711);
    await host.files.makeDirectory(consoleLogFolder(paths), 0o711);
  };

  const writeSeed = async (uuid: string, seed: Seed | undefined): Promise<void> => {
    if (seed !== undefined) await createSeedDisk(host, paths, uuid, { ...seed });
  };
  const makeSeed = (definition: Definition): Promise<void> => writeSeed(definition.uuid, machineSeed(definition));
  const makeCopySeed: Making['makeCopySeed'] = (definition, former, written) =>
    writeSeed(definition.uuid, copySeed(definition, former, written));

  /** A copy is told who it is, also where its manifest says nothing of a first boot. */
  const isSeeded = async (definition: Definition, image: MachineImage | undefined): Promise<boolean> =>
    hasFirstBoot(definition) ||
    (image?.copied === true && (await host.files.facts(seedDiskPath(paths, definition.uuid))) !== undefined);

  const xmlOf = async (definition: Definition, image: MachineImage | undefined): Promise<string> =>
    machineXml(definition, paths, await acceleration(() => undefined), image, await isSeeded(definition, image));

  const accelerationStep = (): Step => ({
    name: 'acceleration',
    run: async ({ progress }) => void (await acceleration(progress)),
    noUndo: 'a verdict about the host stays true',
  });

  const addressesStep = ({ name, claims }: Definition): Step => ({
    name: 'addresses',
    run: () => reserveAddresses(libvirt, name, claims.networks),
    undo: () => releaseAddresses(libvirt, name, claims.networks),
  });

  const defineStep = (definition: Definition, image: () => Promise<MachineImage | undefined>): Step => ({
    name: 'define',
    run: async () => {
      await consoleFolders();
      await libvirt.define(await xmlOf(definition, await image()));
    },
    undo: async () => {
      const { uuid } = definition;
      await forceStop(libvirt, uuid);
      await undefineGuest(libvirt, uuid, { nvram: true, tpm: true });
      await host.files.remove(consoleLog(paths, uuid));
      await host.files.remove(consoleSocket(paths, uuid));
    },
  });

  const copiedImage = async ({ uuid, name }: Definition): Promise<MachineImage | undefined> => {
    const note = (await machineCloneNote(host, paths, uuid)) as CloneNote | undefined;
    if (note === undefined) throw new InnkeeperError('not_found', `The copy that ${name} begins with is not whole`);
    return note.image && { ...note.image, copied: true };
  };

  const copyOf = (definition: Definition, from: string, snapshot: string | undefined): MachineClone => {
    const { uuid: to, spec } = definition;
    return { from, to, snapshot, pool: spec.pool, state: machineState(definition) };
  };

  return {
    consoleFolders,
    makeSeed,
    makeCopySeed,
    accelerationStep,
    addressesStep,
    defineStep,
    xmlOf,
    create: (plan) => {
      const definition = definitionOf(plan);
      const { spec } = definition;
      return [
        {
          name: 'image',
          run: async ({ progress, signal }) => {
            if (runsOurImage(definition)) await images.disk(spec.image, { onProgress: progress, signal });
          },
          noUndo: 'an image is a cache that the next workload uses',
        },
        accelerationStep(),
        {
          name: 'disk',
          run: async () => {
            const backing = await backingOf(definition);
            await createGuestDisk(host, paths, { id: plan.uuid, sizeBytes: spec.diskBytes, backing, pool: spec.pool });
            await makeVolumes(host, paths, definition);
            await makeSeed(definition);
          },
          undo: async () => {
            await destroyGuestDisk(host, paths, plan.uuid);
            await destroyVolumes(host, paths, plan.uuid);
          },
        },
        addressesStep(definition),
        defineStep(definition, async () => newImage(definition)),
      ];
    },
    clone: (plan, { guest, snapshot, ran }) => {
      const definition = definitionOf(plan);
      const copy = copyOf(definition, guest.uuid, snapshot);
      return [
        {
          name: 'copy',
          run: async ({ progress }) => {
            await requireMade(observer, guest);
            const state = await stateOfMade(guest);
            progress(`copying what ${guest.name} ${snapshot === undefined ? 'holds' : 'held'}`);
            if (snapshot === undefined) {
              await endOfMachineCopies(host, paths, guest.uuid);
              await goOn(guest, ran);
              await requireWhole(guest);
              await inOneMoment(guest, (held) => copyMachine(host, paths, copy, { state, held }));
            } else await copyMachine(host, paths, copy, { state, held: false });
            const note: CloneNote = { image: await presentImage(libvirt, guest.uuid) };
            await keepMachineClone(host, paths, copy, { state }, { ...note });
          },
          undo: async () => {
            if (await isMade(observer, guest)) await goOn(guest, ran);
            await removeMachineClone(host, paths, copy);
          },
        },
        {
          name: 'identity',
          run: async () => {
            const written = await isWrittenInto(host, guestDiskPath(paths, plan.uuid));
            await makeCopySeed(definition, guest.name, written);
            await makeVolumes(host, paths, definition);
            await growDisks(host, libvirt, paths, definition);
          },
          noUndo: 'it goes with the copy',
        },
        addressesStep(definition),
        defineStep(definition, () => copiedImage(definition)),
      ];
    },
  };
};
