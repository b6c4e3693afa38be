import { findWorkloadById, isBehind, listLost, part } from '@innkeeper/inventory';
import { InnkeeperError, type RecoveredWorkload } from '@innkeeper/model';
import { type Control, type ManagedHost, tell } from '../control.ts';
import { nameQuietly } from '../names.ts';
import { publishOn } from '../publish.ts';
import { ownGuest } from './look.ts';
import { tellTakenBack } from './recover.ts';
import { takeBackSnapshots } from './snapshots.ts';
import { type OwnGuest, takeBack } from './take-back.ts';

/** What was said of guests that cannot be taken back, so that it is said once. */
const told = new Map<string, string>();

const tellRefused = async (
  control: Control,
  { uuid, observation: { name } }: OwnGuest,
  text: string,
): Promise<void> => {
  if (told.get(uuid) === text) return;
  told.set(uuid, text);
  await tell(control, {
    kind: 'guest.not-taken-back',
    subject: { kind: 'guest', id: uuid, name },
    text: `${name} says that it is a workload's, and was not taken back: ${text}`,
  });
};

/** What its host does for it follows. */
const follow = async (control: Control, managed: ManagedHost, taken: RecoveredWorkload): Promise<void> => {
  await tellTakenBack(control, taken);
  await takeBackSnapshots(control, taken.id);
  await publishOn(control, managed).catch((error: unknown) =>
    control.log.warn({ host: managed.name, err: error }, 'what is published could not be told to a host'),
  );
  await nameQuietly(control, managed.name);
};

/**
 * Takes back guests of ours that the inventory does not know, unless the database is behind as a whole: then somebody
 * looks first (`inn recover`). A guest that is just being removed is seen after its workload is gone: asked again, it is
 * not there.
 */
export const takeBackLost = async (control: Control, managed: ManagedHost): Promise<void> => {
  const { name, drivers } = managed;
  const { db } = control.inventory;
  const lost = await listLost(db, control.installation, name);
  if (lost.length === 0 || (await isBehind(db))) return;
  for (const row of lost) {
    const observation = await drivers.get(row.driver)?.inspect({ uuid: row.uuid, name: row.observation.name });
    const guest =
      observation === undefined ? undefined : ownGuest(control, control.installation, { ...row, observation });
    if (guest === undefined) continue;
    try {
      const taken = await control.inventory.transaction((tx) =>
        part(tx, async (inner) =>
          (await findWorkloadById(inner, guest.uuid)) === undefined ? takeBack(inner, guest) : undefined,
        ),
      );
      if (taken !== undefined) await follow(control, managed, taken);
    } catch (error) {
      if (!(error instanceof InnkeeperError)) throw error;
      await tellRefused(control, guest, error.message);
    }
  }
};
