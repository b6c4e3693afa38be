import type { DriverEnvironment, GuestRef, StopRequest } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { mountContainerRoot } from '@innkeeper/storage';
import { isStopped, isUp, stateOf } from './containers.ts';
import { lxcPath } from './layout.ts';
import { requireThere } from './record.ts';

/** How much longer than the guest's own time the program may take: it kills what did not end. */
const graceMs = 30_000;
/** lxc-stop's answer for a container that does not run. */
const notRunning = 2;

export const named = (program: string, name: string): string[] => [program, `--lxcpath=${lxcPath}`, `--name=${name}`];

/** LXC says why a start failed in a file only. */
const startLog = ({ paths }: DriverEnvironment, uuid: string): string => `${paths.logs}/lxc-tools/${uuid}.log`;

export const removeStartLog = (environment: DriverEnvironment, uuid: string): Promise<void> =>
  environment.host.files.remove(startLog(environment, uuid));

const firstError = (log: string | undefined): string | undefined =>
  log?.match(/ERROR\s+(?:\S+ - \S+:\S+:\d+ - )?(.*)/)?.[1];

/**
 * Where newuidmap is installed (package uidmap), LXC maps ids through it for root as well, and newuidmap maps only what
 * /etc/subuid grants: a start ends with "uid range … not allowed". A program of that name without its privileges, found
 * first, makes LXC write the map itself, as root may. Granting each range instead does not work: usermod takes no grant
 * of root's back while root has a process.
 */
const withoutIdTools = async ({ host, paths }: DriverEnvironment): Promise<Record<string, string>> => {
  const folder = `${paths.run}/lxc-tools`;
  await host.files.makeDirectory(paths.run, 0o755);
  await host.files.makeDirectory(folder, 0o755);
  for (const tool of ['newuidmap', 'newgidmap']) await host.files.write(`${folder}/${tool}`, '#!/bin/false\n', 0o755);
  return { PATH: `${folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
};

const launch = async (environment: DriverEnvironment, { uuid, name }: GuestRef, adopted: boolean): Promise<void> => {
  const { host, paths } = environment;
  const log = startLog(environment, uuid);
  await host.files.makeDirectory(paths.logs, 0o711);
  await host.files.makeDirectory(`${paths.logs}/lxc-tools`, 0o700);
  await host.files.remove(log);
  try {
    await host.run([...named('lxc-start', name), '--daemon', `--logfile=${log}`, '--logpriority=ERROR'], {
      env: adopted ? {} : await withoutIdTools(environment),
    });
  } catch (error) {
    if (isUp(await stateOf(host, name))) return;
    const text = await host.files.readTextIfThere(log);
    throw new InnkeeperError('host_error', `${name} did not start: ${firstError(text) ?? 'LXC does not say why'}`, {
      cause: error,
      ...(text === undefined ? {} : { detail: text }),
    });
  }
};

/** One that runs already is success. */
export const startContainer = async (environment: DriverEnvironment, guest: GuestRef): Promise<void> => {
  const { host, paths } = environment;
  const { adopted } = await requireThere(host, guest);
  if (isUp(await stateOf(host, guest.name))) return;
  // What an adopted container stands on is its owner's to mount.
  if (!adopted) await mountContainerRoot(host, paths, guest.uuid);
  await launch(environment, guest, adopted);
};

/** Asks, waits, and kills when the time is over: lxc-stop does all three. Not running is success. */
export const stopContainer = async (
  host: Host,
  name: string,
  { mode, timeoutMs }: StopRequest,
  signal?: AbortSignal,
): Promise<void> => {
  if (isStopped(await stateOf(host, name))) return;
  const how = mode === 'force' ? ['--kill'] : [`--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}`];
  await host.run([...named('lxc-stop', name), ...how], {
    expect: [0, notRunning],
    timeoutMs: timeoutMs + graceMs,
    ...(signal === undefined ? {} : { signal }),
  });
};

export const killContainer = (host: Host, name: string): Promise<void> =>
  stopContainer(host, name, { mode: 'force', timeoutMs: 0 });
