import type { BackupOrigin, Driver, HeldView, Step, StepContext } from '@innkeeper/driver-contract';
import { type BackupRow, deleteWorkload, findBackup, unfinishedOf } from '@innkeeper/inventory';
import { InnkeeperError, type Problem } from '@innkeeper/model';
import { fetchParcel, findTagged } from '@innkeeper/storage';
import { imageTag } from '../backups/tags.ts';
import { openTarget } from '../backups/targets.ts';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { nameQuietly } from '../names.ts';
import { apply, observeStep, powerStep } from './apply.ts';
import { isBackupCapable } from './backup.ts';
import { managedHost } from './host.ts';
import type { OperationContext, OperationDefinition, Told } from './kind.ts';
import { networksStep } from './networks.ts';
import { type BackupOf, backupOf } from './origin.ts';
import { keepFailure } from './outcome.ts';
import { type Placed, placedOf, placeStep } from './place.ts';
import { publishStep } from './publish.ts';

export const originOf = ({ memory }: OperationContext): BackupOf => {
  const origin = backupOf(memory);
  if (origin === undefined) throw new InnkeeperError('internal', 'A workload of no backup was asked for');
  return origin;
};

/** The backup as it is known now. Throws `not_found` for one that was removed meanwhile. */
const rowOf = async (context: OperationContext): Promise<BackupRow & { readonly snapshot: string }> => {
  const { id, name } = originOf(context);
  const row = await findBackup(context.control.inventory.db, id);
  if (row?.state !== 'ready' || row.snapshot === null)
    throw new InnkeeperError('not_found', `The backup ${name} is gone`, { hint: 'inn backup ls shows what there is' });
  return { ...row, snapshot: row.snapshot };
};

const reach = async (context: OperationContext, { candidate }: Placed) => {
  const { repository } = await openTarget(context.control, originOf(context).target);
  return { repository, host: managedHost(context, candidate.host).host, paths: context.control.config.paths };
};

const bringImage = async (context: OperationContext, placed: Placed, folder: string, step: StepContext) => {
  const { image } = await rowOf(context);
  const { repository, host, paths } = await reach(context, placed);
  const found = (await findTagged(host, paths, repository, [imageTag(image?.identity ?? '')])).at(-1);
  if (found === undefined)
    throw new InnkeeperError(
      'not_found',
      `The image of the backup ${originOf(context).name} is not at ${repository.name}`,
    );
  step.progress(`fetching the image ${image?.name ?? ''}`);
  await fetchParcel(host, paths, repository, found, { cwd: folder, signal: step.signal });
};

const bringHeld = async (context: OperationContext, placed: Placed, { words }: HeldView, step: StepContext) => {
  const { snapshot } = await rowOf(context);
  const { repository, host, paths } = await reach(context, placed);
  step.progress(`fetching what ${originOf(context).workload} held`);
  await fetchParcel(host, paths, repository, snapshot, { words, signal: step.signal });
};

/** What is in the backup is kept with the operation: its record may change meanwhile. */
const lookStep = (context: OperationContext): Step => ({
  name: 'look',
  run: async () => {
    if (context.memory.held !== undefined) return;
    const { image, volumes } = await rowOf(context);
    if (image === null) throw new InnkeeperError('internal', 'A backup that is whole names its image');
    const { identity } = image;
    await context.remember({ held: { ...(identity === undefined ? {} : { image: identity }), volumes } });
  },
  noUndo: 'looking changes nothing',
});

const driverFor = ({ control }: OperationContext, { candidate }: Placed) => {
  const driver: Driver = driverOf(control, candidate.host, candidate.driver);
  if (!isBackupCapable(driver))
    throw new InnkeeperError('unsupported', `The driver ${candidate.driver} brings back no backups`);
  return driver;
};

/** From nothing to a workload that runs, or does what was asked for. */
export const bringingSteps = (context: OperationContext): readonly Step[] => {
  const placed = placedOf(context.memory);
  const held = context.memory.held as { readonly image?: string; readonly volumes: readonly string[] } | undefined;
  if (placed === undefined) return [placeStep(context)];
  if (held === undefined) return [placeStep(context), lookStep(context)];
  const driver = driverFor(context, placed);
  const { workload: former, fresh } = originOf(context);
  const origin: BackupOrigin = {
    image: held.image,
    volumes: held.volumes,
    former,
    fresh,
    bringImage: (folder, step) => bringImage(context, placed, folder, step),
    bringHeld: (view, step) => bringHeld(context, placed, view, step),
  };
  const { plan, candidate } = placed;
  const guest = { uuid: plan.uuid, name: plan.name };
  return [
    placeStep(context),
    lookStep(context),
    ...(placed.ownNetworks === true ? [networksStep(context, driver, placed)] : []),
    ...(placed.publishes ? [publishStep(context, placed)] : []),
    ...driver.receive(plan, origin),
    powerStep(context, { driver, guest, fresh: true, host: candidate.host }),
    observeStep(context, candidate),
    ...driver.settle(plan),
  ];
};

/** What was to be made is gone with all that it had, also its record, unless somebody wants something else of it by now. */
export const leaveNothing = async (context: OperationContext, problem: Problem): Promise<Told> => {
  const { control, workload, operation } = context;
  const { db } = control.inventory;
  const placed = placedOf(context.memory);
  await nameQuietly(control, placed?.candidate.host);
  const others = (await unfinishedOf(db, workload.id)).filter(({ id }) => id !== operation.id);
  if (others.length > 0) return keepFailure(context, problem, 'failed');
  if (placed !== undefined) {
    if (problem.code === 'conflict') await control.probe(placed.candidate.host);
    await control.observeGuest(placed.candidate.host, placed.candidate.driver, guestRefOf(workload));
  }
  await deleteWorkload(db, workload.id);
  return { kind: 'workload.failed', text: `${workload.name}: ${problem.detail}` };
};

/** A workload that begins with what another one held when it was backed up. One that fails leaves nothing. */
export const restoreBackup: OperationDefinition = {
  steps: bringingSteps,
  undoOnFailure: true,
  onDone: async (context) => {
    await apply.onDone(context);
    const { name, workload, fresh } = originOf(context);
    const who = fresh ? `; it is another one than ${workload}` : '';
    return {
      kind: 'workload.created',
      text: `${context.workload.name} was made of the backup ${name} of ${workload}${who}`,
    };
  },
  onFailed: leaveNothing,
};
