import { type BackupGroup, type BackupOrigin, type GuestPlan, type Step, together } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import {
  copyMoment,
  imageOfRoot,
  keepMoment,
  type ReceivedRoot,
  receiveRoot,
  removeMoment,
  removeReceivedRoot,
  renameInside,
  renewIdentity,
  viewMoment,
  volumesOfMoment,
} from '@innkeeper/storage';
import type { Definition } from '../shared/definition.ts';
import { isMade, requireMade } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import type { Freezer } from './freezer.ts';
import { definitionOf } from './making.ts';
import { moments } from './moments.ts';
import { guestFiles, ownAddresses } from './plan.ts';

interface Means {
  readonly host: Host;
  readonly paths: Paths;
  readonly libvirt: Libvirt;
  readonly observer: Observer;
  readonly freezer: Pick<Freezer, 'pause' | 'resume'>;
}

interface Making {
  readonly makeVolumes: (definition: Definition) => Promise<void>;
  readonly definitionStep: (definition: Definition) => Step;
}

/** Copies of containers that are sent elsewhere, and containers that are made of these. */
export const backingUp = (means: Means, { makeVolumes, definitionStep }: Making): BackupGroup => {
  const { host, paths, libvirt, observer, freezer } = means;
  const { requireWhole, inOneMoment, goOn } = moments(host, paths, libvirt, observer, freezer);

  const receivedOf = (plan: GuestPlan, { volumes, image }: BackupOrigin): ReceivedRoot => {
    if (image === undefined) throw new InnkeeperError('internal', 'The backup of a container names its image');
    return { id: plan.uuid, uidStart: definitionOf(plan).claims.uidStart, volumes, image };
  };

  /** Who it is, and the volumes that its specification has beyond those that came along. */
  const complete = async (plan: GuestPlan, { former, fresh }: BackupOrigin): Promise<void> => {
    const definition = definitionOf(plan);
    const { uuid, name } = plan;
    const parts = { name, uuid, addresses: ownAddresses(definition), former, owner: definition.claims.uidStart };
    if (fresh) await renewIdentity(host, paths, { ...parts, seed: guestFiles(definition) });
    else await renameInside(host, paths, parts);
    await makeVolumes(definition);
  };

  return {
    backup: (guest, { id, ran }) => [
      {
        name: 'copy',
        run: async ({ progress }) => {
          await requireMade(observer, guest);
          await requireWhole(guest);
          progress('copying what it holds');
          await inOneMoment(guest, ran, () => copyMoment(host, paths, guest.uuid, id));
          await keepMoment(host, paths, guest.uuid, id);
        },
        undo: async () => {
          if (!(await isMade(observer, guest))) return;
          if (ran) await goOn(guest);
          await removeMoment(host, paths, guest.uuid, id);
        },
      },
    ],
    backupView: ({ uuid }, id, beside) => viewMoment(host, paths, { root: uuid, id, beside }),
    backupVolumes: ({ uuid }, id) => volumesOfMoment(host, paths, uuid, id),
    backupImage: ({ uuid }) => imageOfRoot(host, paths, uuid),
    settleBackup: (guest, id) => [
      {
        name: 'clear',
        run: () => removeMoment(host, paths, guest.uuid, id),
        noUndo: 'the copy is not needed any more',
      },
    ],
    receive: (plan, origin) => [
      {
        name: 'fetch',
        run: (context) =>
          receiveRoot(host, paths, receivedOf(plan, origin), {
            image: (folder) => origin.bringImage(folder, context),
            held: (view) => origin.bringHeld(view, context),
          }),
        undo: () => removeReceivedRoot(host, paths, plan.uuid),
      },
      together(
        'define',
        { name: 'identity', run: () => complete(plan, origin), noUndo: 'it goes with what was fetched' },
        definitionStep(definitionOf(plan)),
      ),
    ],
  };
};
