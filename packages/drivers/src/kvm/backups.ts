import { type BackupGroup, type BackupOrigin, type GuestPlan, together } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import {
  guestDiskPath,
  imageOfMachine,
  isWrittenInto,
  kernelOfMachine,
  machineMoment,
  type ReceivedMachine,
  receiveMachine,
  removeMachineMoment,
  removeReceivedMachine,
  viewMachineMoment,
  volumesOfMachineMoment,
} from '@innkeeper/storage';
import { isMade, requireMade } from '../shared/lifecycle.ts';
import type { Observer } from '../shared/observer.ts';
import { makeVolumes } from './growth.ts';
import { definitionOf, type Making } from './making.ts';
import type { Moments } from './moments.ts';
import { type MachineImage, machineState } from './xml.ts';

interface Means {
  readonly host: Host;
  readonly paths: Paths;
  readonly observer: Observer;
  readonly moments: Moments;
  readonly making: Making;
}

/** Copies of machines that are sent elsewhere, and machines that are made of these. */
export const machineBackups = ({ host, paths, observer, moments, making }: Means): BackupGroup => {
  const receivedOf = (plan: GuestPlan, { volumes, image, fresh }: BackupOrigin): ReceivedMachine => {
    const definition = definitionOf(plan);
    return { id: plan.uuid, volumes, image, fresh, pool: definition.spec.pool, state: machineState(definition) };
  };

  /** Images that come with a kernel are ours, and serve shells. */
  const imageOf = async (machine: string, copied: boolean): Promise<MachineImage | undefined> => {
    const kernel = await kernelOfMachine(host, paths, machine);
    return kernel === undefined ? undefined : { ...kernel, shell: true, copied };
  };

  return {
    backup: (guest, { id, ran }) => [
      {
        name: 'copy',
        run: async ({ progress }) => {
          await requireMade(observer, guest);
          progress('copying what it holds');
          await moments.take(guest, ran, machineMoment(guest.uuid, id), { id });
        },
        undo: async () => {
          if (!(await isMade(observer, guest))) return;
          await moments.goOn(guest, ran);
          await removeMachineMoment(host, paths, guest.uuid, id);
        },
      },
    ],
    backupView: ({ uuid }, id, beside) => viewMachineMoment(host, paths, { machine: uuid, id, beside }),
    backupVolumes: ({ uuid }, id) => volumesOfMachineMoment(host, paths, uuid, id),
    backupImage: ({ uuid }) => imageOfMachine(host, paths, uuid),
    settleBackup: (guest, id) => [
      {
        name: 'clear',
        run: () => removeMachineMoment(host, paths, guest.uuid, id),
        noUndo: 'the copy is not needed any more',
      },
    ],
    receive: (plan, origin) => {
      const definition = definitionOf(plan);
      const received = receivedOf(plan, origin);
      return [
        making.accelerationStep(),
        {
          name: 'fetch',
          run: (context) =>
            receiveMachine(host, paths, received, {
              image: (folder) => origin.bringImage(folder, context),
              held: (view) => origin.bringHeld(view, context),
            }),
          undo: () => removeReceivedMachine(host, paths, received),
        },
        making.addressesStep(definition),
        together(
          'define',
          {
            name: 'rest',
            run: async () => {
              await makeVolumes(host, paths, definition);
              if (!origin.fresh) return making.makeSeed(definition);
              const written = await isWrittenInto(host, guestDiskPath(paths, plan.uuid));
              await making.makeCopySeed(definition, origin.former, written);
            },
            noUndo: 'it goes with what was fetched',
          },
          making.defineStep(definition, () => imageOf(plan.uuid, origin.fresh)),
        ),
      ];
    },
  };
};
