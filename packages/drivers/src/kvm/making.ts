import type { Driver, GuestPlan, Step } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import { createGuestDisk, createSeedDisk, destroyGuestDisk, destroyVolumes, type ImageStore } from '@innkeeper/storage';
import { consoleLog, consoleLogFolder } from '../shared/console-log.ts';
import type { Definition } from '../shared/definition.ts';
import { forceStop, undefineGuest } from '../shared/lifecycle.ts';
import { releaseAddresses, reserveAddresses } from '../shared/networks.ts';
import { machineSeed } from './first-boot.ts';
import { makeVolumes } from './growth.ts';
import { type Acceleration, consoleSocket, type MachineImage } from './xml.ts';

export const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;

const isBuilt = ({ spec }: Definition): boolean => spec.image.source.kind === 'mmdebstrap';

interface Means {
  readonly host: Host;
  readonly paths: Paths;
  readonly libvirt: Libvirt;
  readonly images: ImageStore;
  readonly acceleration: (progress: (text: string) => void) => Promise<Acceleration>;
  readonly xmlOf: (definition: Definition, image: MachineImage | undefined) => Promise<string>;
}

/** What making a machine has in common, whatever its disk comes from. */
export interface Making extends Pick<Driver, 'create'> {
  /** Where QEMU's console socket and log go. */
  readonly consoleFolders: () => Promise<void>;
  /** Made where there is none: an address may have come that a machine of no first boot has to be told. */
  readonly makeSeed: (definition: Definition) => Promise<void>;
  readonly accelerationStep: () => Step;
  readonly addressesStep: (definition: Definition) => Step;
  /** It is defined, and does not run. */
  readonly defineStep: (definition: Definition, imageOf: () => Promise<MachineImage | undefined>) => Step;
}

/** From nothing to a machine that does not run. */
export const makingOf = ({ host, paths, libvirt, images, acceleration, xmlOf }: Means): Making => {
  const newImage = async (definition: Definition): Promise<MachineImage | undefined> =>
    isBuilt(definition) ? { ...images.diskPaths(definition.spec.image), shell: true } : undefined;

  /** The disk that its own is an overlay of; none for one that begins empty. */
  const backingOf = async (definition: Definition): Promise<string | undefined> => {
    const { image, diskBytes } = definition.spec;
    if (image.source.kind === 'stored') return images.storedDisk(image, diskBytes);
    return isBuilt(definition) ? images.diskPaths(image).disk : undefined;
  };

  /** Made here because /run is empty after a boot. */
  const consoleFolders = async (): Promise<void> => {
    await host.files.makeDirectory(`${paths.run}/consoles`, 0o711);
    await host.files.makeDirectory(consoleLogFolder(paths), 0o711);
  };

  const makeSeed = async (definition: Definition): Promise<void> => {
    const seed = machineSeed(definition);
    if (seed !== undefined) await createSeedDisk(host, paths, definition.uuid, { ...seed });
  };

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

  const defineStep: Making['defineStep'] = (definition, imageOf) => ({
    name: 'define',
    run: async () => {
      await consoleFolders();
      await libvirt.define(await xmlOf(definition, await imageOf()));
    },
    undo: async () => {
      const { uuid } = definition;
      await forceStop(libvirt, uuid);
      await undefineGuest(libvirt, uuid, { nvram: true, tpm: true });
      await host.files.remove(consoleLog(paths, uuid));
      await host.files.remove(consoleSocket(paths, uuid));
    },
  });

  return {
    consoleFolders,
    makeSeed,
    accelerationStep,
    addressesStep,
    defineStep,
    create: (plan) => {
      const definition = definitionOf(plan);
      const { spec } = definition;
      return [
        {
          name: 'image',
          run: async ({ progress, signal }) => {
            if (isBuilt(definition)) await images.disk(spec.image, { onProgress: progress, signal });
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
        defineStep(definition, () => newImage(definition)),
      ];
    },
  };
};
