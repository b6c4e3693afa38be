import { setTimeout as delay } from 'node:timers/promises';
import type { GuestRef } from '@innkeeper/driver-contract';
import { guestCgroup, type Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import { type Capability, InnkeeperError, messageChain } from '@innkeeper/model';
import { cgroupLayout } from '../shared/cgroup-layout.ts';
import { pauseGuest, resumeGuest } from '../shared/lifecycle.ts';
import { initPids } from './init.ts';
import { ownCgroup } from './stats.ts';

const settledMs = 5000;
const frozenMs = 30_000;
const lookAgainMs = 20;

/**
 * libvirt freezes containers on cgroup v1. On v2 its LXC driver learned that in 12.4; the freezer of the container's own
 * cgroup does it with every version, and libvirt goes on calling such a container running.
 */
export interface Freezer {
  capability(): Promise<Capability>;
  /** Frozen already is success. Throws `conflict` when it does not run. */
  pause(guest: GuestRef): Promise<void>;
  /** Running already is success. */
  resume(guest: GuestRef): Promise<void>;
  /** Which of these, all running by libvirt's account, are frozen. */
  frozen(guests: readonly GuestRef[]): Promise<ReadonlySet<string>>;
}

/** Folders of the machines' cgroups by UUID, on v2. */
const foldersOf = async (host: Host, guests: readonly GuestRef[]): Promise<Map<string, string>> => {
  const inits = [...(await initPids(host, guests))];
  const texts = await host.files.readTexts(inits.map(([, pid]) => `/proc/${pid}/cgroup`));
  return new Map(
    inits.flatMap(([uuid], index): [string, string][] => {
      const folder = guestCgroup(texts[index] ?? '', ownCgroup)?.folder('');
      return folder === undefined ? [] : [[uuid, folder]];
    }),
  );
};

/**
 * libvirt gives a container one second to stand still, thaws it again after that and fails; where many processes are at work on a
 * loaded host that is too short. [libvirt, src/lxc/lxc_driver.c: lxcFreezeContainer]
 */
const insist = async (pause: () => Promise<void>): Promise<void> => {
  const deadline = Date.now() + frozenMs;
  for (;;) {
    try {
      return await pause();
    } catch (error) {
      if (!messageChain(error).some((text) => text.includes('Suspend operation failed')) || Date.now() > deadline)
        throw error;
      await delay(lookAgainMs);
    }
  }
};

const isFrozen = (events: string | undefined): boolean => /^frozen 1$/m.test(events ?? '');

export const openFreezer = (host: Host, libvirt: Libvirt): Freezer => {
  let found: Promise<boolean> | undefined;
  const unified = (): Promise<boolean> => {
    found ??= cgroupLayout(host).then((layout) => layout === 'v2');
    return found;
  };

  const write = async (guest: GuestRef, value: '0' | '1'): Promise<void> => {
    const folder = (await foldersOf(host, [guest])).get(guest.uuid);
    if (folder === undefined)
      throw new InnkeeperError('conflict', `${guest.name} does not run`, { hint: `inn start ${guest.name}` });
    await host.run(['sh', '-c', 'printf %s "$2" > "$1"', 'sh', `${folder}/cgroup.freeze`, value]);
    const deadline = Date.now() + settledMs;
    while (isFrozen(await host.files.readTextIfThere(`${folder}/cgroup.events`)) !== (value === '1')) {
      if (Date.now() > deadline)
        throw new InnkeeperError('transient', `${guest.name} is not ${value === '1' ? 'frozen' : 'thawed'} yet`);
      await delay(lookAgainMs);
    }
  };

  return {
    capability: async () =>
      (await unified())
        ? { value: true, evidence: "freezer of the container's own cgroup (v2)" }
        : { value: true, evidence: "libvirt's freezer (cgroup v1)" },
    pause: async (guest) => ((await unified()) ? write(guest, '1') : insist(() => pauseGuest(libvirt, guest))),
    resume: async (guest) => {
      if (await unified()) await write(guest, '0');
      await resumeGuest(libvirt, guest);
    },
    frozen: async (guests) => {
      if (guests.length === 0 || !(await unified())) return new Set();
      const folders = [...(await foldersOf(host, guests))];
      const events = await host.files.readTexts(folders.map(([, folder]) => `${folder}/cgroup.events`));
      return new Set(folders.flatMap(([uuid], index) => (isFrozen(events[index]) ? [uuid] : [])));
    },
  };
};
