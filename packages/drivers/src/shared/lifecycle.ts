import { setTimeout as delay } from 'node:timers/promises';
import type { GuestRef, StopRequest } from '@innkeeper/driver-contract';
import { type Libvirt, type PowerState, type ShutdownMode, virshKind } from '@innkeeper/libvirt';
import { InnkeeperError, type Ownership } from '@innkeeper/model';
import { readOwnership } from './metadata.ts';
import type { Observer } from './observer.ts';

const lookAgainMs = 300;
/** Who is still coming up does not hear it the first time: its init or ACPI daemon is not there yet. */
const askAgainMs = 2000;
const dyingMs = 60_000;

/** State by UUID; undefined when there is no such domain. */
export const stateOf = async (libvirt: Libvirt, uuid: string): Promise<PowerState | undefined> =>
  (await libvirt.domain(uuid))?.state;

const ignoring = async (codes: readonly string[], work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof InnkeeperError && codes.includes(error.code))) throw error;
  }
};

/** One that runs already is success; one that is paused goes on. */
export const startGuest = async (libvirt: Libvirt, { uuid }: GuestRef): Promise<void> => {
  try {
    await libvirt.start(uuid);
  } catch (error) {
    const isConflict = error instanceof InnkeeperError && error.code === 'conflict';
    const state = isConflict ? await stateOf(libvirt, uuid) : undefined;
    if (state === 'paused') await libvirt.resume(uuid);
    else if (state !== 'running') throw error;
  }
};

/** Throws `conflict` for a guest that carries no metadata of ours; one that is not there is nobody's. */
export const requireOurs = async (observer: Observer, { uuid, name }: GuestRef): Promise<Ownership | undefined> => {
  const description = await observer.description(uuid);
  const owned = description === undefined ? undefined : readOwnership(description.metadata);
  if (description === undefined || owned !== undefined) return owned;
  throw new InnkeeperError('conflict', `${name} is a guest that Innkeeper did not create: it is never touched`);
};

export const absent = ({ name }: GuestRef): InnkeeperError =>
  new InnkeeperError('not_found', `The guest of ${name} is gone from its host`);

/** Nothing of a guest that is not ours, or was adopted, is thawed or exchanged, also by no undo. */
export const isMade = async (observer: Observer, guest: GuestRef): Promise<boolean> => {
  const owned = await requireOurs(observer, guest).catch(() => undefined);
  return owned !== undefined && owned.adopted === undefined;
};

/** As {@link requireOurs}, and `conflict` for one that was adopted too: what it is stays as its owner made it. */
export const requireMade = async (observer: Observer, guest: GuestRef): Promise<void> => {
  if ((await requireOurs(observer, guest))?.adopted === undefined) return;
  throw new InnkeeperError(
    'conflict',
    `${guest.name} was adopted: Innkeeper starts and stops it, and changes nothing of it`,
    {
      hint: `inn release ${guest.name}`,
    },
  );
};

/** Throws `conflict` for a guest that does not run. */
export const requireRunning = async (libvirt: Libvirt, { uuid, name }: GuestRef): Promise<void> => {
  const state = await stateOf(libvirt, uuid);
  if (state === 'running') return;
  throw new InnkeeperError('conflict', `${name} is ${state ?? 'not there'}, not running`, {
    hint: `inn ${state === 'paused' ? 'resume' : 'start'} ${name}`,
  });
};

/**
 * Pulls the plug; not running, or not there, is success. libvirt waits some seconds for processes that it has killed and then
 * gives up; on a slow or loaded host they are gone a moment later.
 */
export const forceStop = async (libvirt: Libvirt, uuid: string): Promise<void> => {
  const deadline = Date.now() + dyingMs;
  for (;;) {
    try {
      return await ignoring(['not_found', 'conflict'], libvirt.destroy(uuid));
    } catch (error) {
      if (virshKind(error) !== 'dying' || Date.now() > deadline) throw error;
      await delay(lookAgainMs);
    }
  }
};

export const undefineGuest = (
  libvirt: Libvirt,
  uuid: string,
  options: { nvram?: boolean; tpm?: boolean },
): Promise<void> => ignoring(['not_found'], libvirt.undefine(uuid, options));

/** One that is paused already is success. Throws `conflict` when it does not run. */
export const pauseGuest = async (libvirt: Libvirt, { uuid, name }: GuestRef): Promise<void> => {
  const state = await stateOf(libvirt, uuid);
  if (state === 'paused') return;
  if (state !== 'running') throw new InnkeeperError('conflict', `${name} does not run`, { hint: `inn start ${name}` });
  await libvirt.suspend(uuid);
};

/** One that runs already is success. Throws `conflict` when it neither runs nor is paused. */
export const resumeGuest = async (libvirt: Libvirt, { uuid, name }: GuestRef): Promise<void> => {
  const state = await stateOf(libvirt, uuid);
  if (state === 'running') return;
  if (state !== 'paused') throw new InnkeeperError('conflict', `${name} is not paused`, { hint: `inn start ${name}` });
  await libvirt.resume(uuid);
};

/** Asks, waits, and forces when the time is over. `mode`: how it is asked, where libvirt would ask in vain. */
export const stopGuest = async (
  libvirt: Libvirt,
  { uuid }: GuestRef,
  request: StopRequest,
  signal: AbortSignal,
  mode?: ShutdownMode,
): Promise<void> => {
  const state = await stateOf(libvirt, uuid);
  if (state === undefined || state === 'stopped') return;
  // What is frozen cannot answer.
  if (state === 'paused') await libvirt.resume(uuid);
  const deadline = Date.now() + request.timeoutMs;
  let askAt = 0;
  while (request.mode === 'graceful' && Date.now() < deadline) {
    const now = await stateOf(libvirt, uuid);
    if (now === undefined || now === 'stopped') return;
    if (Date.now() >= askAt) {
      await ignoring(['conflict', 'host_error', 'unsupported'], libvirt.shutdown(uuid, mode));
      askAt = Date.now() + askAgainMs;
    }
    await delay(lookAgainMs, undefined, { signal });
  }
  await forceStop(libvirt, uuid);
};
