import { type CloneGroup, type Driver, type GuestPlan, type Step, together } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import {
  copyRoot,
  createVolumeDirectory,
  destroyContainerRoot,
  destroyVolumes,
  type ImageStore,
  keepRootCopy,
  prepareContainerRoot,
  removeRootCopy,
  renewIdentity,
} from '@innkeeper/storage';
import { consoleLog } from '../shared/console-log.ts';
import type { Definition } from '../shared/definition.ts';
import { forceStop, isMade, requireMade, undefineGuest } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import type { Freezer } from './freezer.ts';
import { moments } from './moments.ts';
import { containerXml, guestFiles, ownAddresses } from './plan.ts';

export const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;

interface Making extends Pick<Driver, 'create'>, CloneGroup {
  readonly makeVolumes: (definition: Definition) => Promise<void>;
  /** It is defined, and does not run. */
  readonly definitionStep: (definition: Definition) => Step;
}

interface Means {
  readonly host: Host;
  readonly paths: Paths;
  readonly libvirt: Libvirt;
  readonly images: ImageStore;
  readonly observer: Observer;
  readonly freezer: Pick<Freezer, 'pause' | 'resume'>;
}

/** From nothing to a container that does not run: of an image, or of another container. */
export const makingOf = ({ host, paths, libvirt, images, observer, freezer }: Means): Making => {
  const { requireWhole, inOneMoment, goOn } = moments(host, paths, libvirt, observer, freezer);

  const makeVolumes = async ({ uuid, spec, claims }: Definition): Promise<void> => {
    for (const { name, sizeBytes } of spec.volumes)
      await createVolumeDirectory(host, paths, uuid, { name, sizeBytes, pool: spec.pool, owner: claims.uidStart });
  };

  const definitionStep = (definition: Definition): Step => ({
    name: 'definition',
    run: () => libvirt.define(containerXml(definition, paths), { validate: false }),
    undo: async () => {
      await forceStop(libvirt, definition.uuid);
      await undefineGuest(libvirt, definition.uuid, {});
      await host.files.remove(consoleLog(paths, definition.uuid));
    },
  });

  return {
    makeVolumes,
    definitionStep,
    create: (plan) => {
      const definition = definitionOf(plan);
      const { image } = definition.spec;
      return [
        {
          name: 'image',
          run: async ({ progress, signal }) => void (await images.rootfs(image, { onProgress: progress, signal })),
          noUndo: 'an image is a cache that the next workload uses',
        },
        // libvirt looks at the root when the container starts, not when it is defined: neither has to wait for the other.
        together(
          'define',
          {
            name: 'root',
            run: async () => {
              await prepareContainerRoot(host, paths, images, {
                id: plan.uuid,
                image,
                uidStart: definition.claims.uidStart,
                files: guestFiles(definition),
                pool: definition.spec.pool,
                limitBytes: definition.spec.diskBytes,
              });
              await makeVolumes(definition);
            },
            undo: async () => {
              await destroyContainerRoot(host, paths, plan.uuid);
              await destroyVolumes(host, paths, plan.uuid);
            },
          },
          definitionStep(definition),
        ),
      ];
    },
    clone: (plan, { guest, snapshot, ran }) => {
      const definition = definitionOf(plan);
      const { uidStart } = definition.claims;
      const { pool, diskBytes: limitBytes } = definition.spec;
      const copy = { from: guest.uuid, to: plan.uuid, snapshot, uidStart, pool, limitBytes };
      return [
        {
          name: 'copy',
          run: async ({ progress }) => {
            await requireMade(observer, guest);
            progress(`copying what ${guest.name} ${snapshot === undefined ? 'holds' : 'held'}`);
            if (snapshot === undefined) {
              await requireWhole(guest);
              await inOneMoment(guest, ran, () => copyRoot(host, paths, copy));
            } else await copyRoot(host, paths, copy);
            await keepRootCopy(host, paths, copy);
          },
          undo: async () => {
            if (ran && (await isMade(observer, guest))) await goOn(guest);
            await removeRootCopy(host, paths, copy);
          },
        },
        together(
          'define',
          {
            name: 'identity',
            run: async () => {
              const { name, uuid } = plan;
              const [seed, addresses] = [guestFiles(definition), ownAddresses(definition)];
              await renewIdentity(host, paths, { name, uuid, addresses, seed, former: guest.name, owner: uidStart });
              await makeVolumes(definition);
            },
            noUndo: 'it goes with the copy',
          },
          definitionStep(definition),
        ),
      ];
    },
  };
};
