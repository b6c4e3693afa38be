import type { BackupGroup, Driver, GuestRef, Step, StepContext } from '@innkeeper/driver-contract';
import { deleteBackup, insertBackup, isDuplicate, updateBackup, updateWorkload } from '@innkeeper/inventory';
import { type BackedImage, type BackupManifest, type Candidate, InnkeeperError, projectOf } from '@innkeeper/model';
import {
  findTagged,
  forgetTagged,
  listSent,
  type Repository,
  type Sent,
  type SentRecord,
  sendParcel,
} from '@innkeeper/storage';
import { backupTag, imageTag, innkeeperTag } from '../backups/tags.ts';
import { openTarget } from '../backups/targets.ts';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { observeStep } from './apply.ts';
import { managedHost } from './host.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { keepFailure } from './outcome.ts';

/** The backup that is to be made, as it was asked for. */
interface Asked {
  readonly id: string;
  readonly name: string;
  readonly target: string;
}

/** What the first step found. */
interface Found {
  readonly ran: boolean;
  readonly at: string;
}

interface Grounds {
  readonly place: Candidate;
  readonly driver: Driver & BackupGroup;
  readonly guest: GuestRef;
}

const askedOf = ({ memory }: OperationContext): Asked => memory as unknown as Asked;
const foundOf = ({ memory }: OperationContext): Found | undefined => memory.found as Found | undefined;

export const isBackupCapable = (driver: Driver): driver is Driver & BackupGroup => driver.backup !== undefined;

const groundsOf = ({ control, workload }: OperationContext): Grounds => {
  const { placed, name } = workload;
  if (placed === null)
    throw new InnkeeperError('conflict', `${name} has no guest`, { hint: 'apply its manifest again' });
  const driver = driverOf(control, placed.host, placed.driver);
  if (!isBackupCapable(driver)) throw new InnkeeperError('unsupported', `The driver ${placed.driver} makes no backups`);
  return { place: placed, driver, guest: guestRefOf(workload) };
};

const look = async (context: OperationContext): Promise<Found> => {
  const known = foundOf(context);
  if (known !== undefined) return known;
  const { driver, guest } = groundsOf(context);
  const seen = await driver.inspect(guest);
  if (seen === undefined)
    throw new InnkeeperError('not_found', `The guest of ${context.workload.name} is gone from its host`);
  const found = { ran: seen.state === 'running', at: new Date().toISOString() };
  await context.remember({ found });
  return found;
};

/** The name is taken from here on. */
const recordStep = (context: OperationContext): Step => ({
  name: 'record',
  run: async () => {
    const { id, name, target } = askedOf(context);
    const { workload, control } = context;
    const { place } = groundsOf(context);
    const { at } = await look(context);
    try {
      await insertBackup(control.inventory.db, {
        id,
        name,
        target,
        workloadId: workload.id,
        workloadName: workload.name,
        project: projectOf(workload.spec),
        place: { host: place.host, driver: place.driver, backend: place.backend },
        spec: workload.spec,
        createdAt: new Date(at),
        state: 'creating',
      });
    } catch (error) {
      if (!isDuplicate(error, 'backups_name_unique')) throw error;
      throw new InnkeeperError('conflict', `There is a backup called ${name} already`, { hint: 'ask again' });
    }
  },
  undo: () => deleteBackup(context.control.inventory.db, askedOf(context).id),
});

type Sending = Pick<StepContext, 'signal' | 'progress'>;

/** What a workload stands on is sent once for all that stand on the same. */
const sendImage = async (
  context: OperationContext,
  repository: Repository,
  { found, there }: { readonly found: Found; readonly there: readonly SentRecord[] },
  { signal, progress }: Sending,
): Promise<BackedImage> => {
  const { config } = context.control;
  const { driver, guest, place } = groundsOf(context);
  const { host } = managedHost(context, place.host);
  const { image } = context.workload.spec;
  const held = await driver.backupImage(guest);
  if (held === undefined) return { name: image };
  const { identity, folder, entries } = held;
  const tag = imageTag(identity);
  if (!there.some(({ tags }) => tags.includes(tag))) {
    progress(`sending the image ${image}`);
    await sendParcel(
      host,
      config.paths,
      repository,
      { entries, tags: [innkeeperTag, tag], of: 'image', at: new Date(found.at) },
      { cwd: folder, signal, onPercent: (percent) => progress(`sending the image ${image}: ${percent} %`) },
    );
  }
  return { name: image, identity };
};

const sendHeld = async (
  context: OperationContext,
  repository: Repository,
  manifest: BackupManifest,
  { signal, progress }: Sending,
): Promise<Sent> => {
  const { config } = context.control;
  const { driver, guest, place } = groundsOf(context);
  const { host } = managedHost(context, place.host);
  const view = await driver.backupView(guest, manifest.id, { 'manifest.json': `${JSON.stringify(manifest)}\n` });
  progress('sending what it held');
  return sendParcel(
    host,
    config.paths,
    repository,
    {
      entries: view.entries,
      tags: [innkeeperTag, backupTag(manifest.id)],
      of: manifest.workload.name,
      at: new Date(manifest.createdAt),
    },
    { words: view.words, signal, onPercent: (percent) => progress(`sending what it held: ${percent} %`) },
  );
};

const send = async (context: OperationContext, found: Found, step: StepContext): Promise<void> => {
  const { control, workload } = context;
  const { id, name, target } = askedOf(context);
  const { repository } = await openTarget(control, target);
  const { place, driver, guest } = groundsOf(context);
  const { host } = managedHost(context, place.host);
  const there = await listSent(host, control.config.paths, repository, [innkeeperTag]);
  // What was sent before a kill, and not written down.
  if (there.some(({ tags }) => tags.includes(backupTag(id))))
    await forgetTagged(host, control.config.paths, repository, [backupTag(id)]);
  const image = await sendImage(context, repository, { found, there }, step);
  const volumes = await driver.backupVolumes(guest, id);
  const manifest: BackupManifest = {
    innkeeper: 'backup',
    format: 1,
    id,
    name,
    createdAt: found.at,
    workload: { id: workload.id, name: workload.name },
    driver: place.driver,
    backend: place.backend,
    image,
    volumes: [...volumes],
    spec: workload.spec,
  };
  const { snapshot, sizeBytes, addedBytes } = await sendHeld(context, repository, manifest, step);
  // Somebody may have pruned what nobody stood on yet.
  const { identity } = image;
  const isGone =
    identity !== undefined &&
    (await findTagged(host, control.config.paths, repository, [imageTag(identity)])).length === 0;
  if (isGone)
    throw new InnkeeperError('conflict', `The image of ${workload.name} was removed from ${target} meanwhile`, {
      hint: 'ask again',
    });
  await updateBackup(control.inventory.db, id, { image, volumes: [...volumes], snapshot, sizeBytes, addedBytes });
};

/** Of what is not whole nothing is left there; a repository that is away by now keeps what nobody refers to. */
const takeBack = async (context: OperationContext): Promise<void> => {
  const { control } = context;
  const { id, target } = askedOf(context);
  try {
    const { repository } = await openTarget(control, target);
    const { host } = managedHost(context, groundsOf(context).place.host);
    await forgetTagged(host, control.config.paths, repository, [backupTag(id)]);
  } catch (error) {
    control.log.warn(
      { backup: id, target, err: error },
      'what was sent for a backup that failed is left in its repository',
    );
  }
};

const sendStep = (context: OperationContext, found: Found): Step => ({
  name: 'send',
  run: (step) => send(context, found, step),
  undo: () => takeBack(context),
});

const completeStep = (context: OperationContext): Step => {
  const { db } = context.control.inventory;
  const { id } = askedOf(context);
  return {
    name: 'complete',
    run: () => updateBackup(db, id, { state: 'ready' }),
    undo: () => updateBackup(db, id, { state: 'creating' }),
  };
};

/** Sends what a workload holds, whether it runs or not, to where it is kept, and leaves it as it is. */
export const backup: OperationDefinition = {
  steps: (context) => {
    const found = foundOf(context);
    if (found === undefined) return [recordStep(context)];
    const { place, driver, guest } = groundsOf(context);
    const { id } = askedOf(context);
    return [
      recordStep(context),
      ...driver.backup(guest, { id, ran: found.ran }),
      sendStep(context, found),
      completeStep(context),
      ...driver.settleBackup(guest, id),
      observeStep(context, place),
    ];
  },
  undoOnFailure: true,
  onDone: async (context) => {
    const { control, workload } = context;
    if (workload.error !== null) await updateWorkload(control.inventory.db, workload.id, { error: null });
    const { name, target } = askedOf(context);
    return { kind: 'workload.backup', text: `${workload.name}: the backup ${name} is at ${target}` };
  },
  onFailed: async (context, problem) => {
    const { control, workload } = context;
    const { placed } = workload;
    if (placed !== null)
      await control.observeGuest(placed.host, placed.driver, guestRefOf(workload)).catch(() => undefined);
    return keepFailure(context, problem);
  },
};
