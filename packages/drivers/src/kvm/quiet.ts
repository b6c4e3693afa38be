import { setTimeout as delay } from 'node:timers/promises';
import type { GuestRef } from '@innkeeper/driver-contract';
import { describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError } from '@innkeeper/model';
import { stateOf } from '../shared/lifecycle.ts';
import { portOf } from './exec.ts';
import { agentPort } from './xml.ts';

/** How long an agent that has frozen file systems is asked to thaw them: it answers each time within ten seconds, or not. */
const thawMs = 60_000;
const askAgainMs = 500;

/** What the agent inside a machine does with its file systems, so that what is copied needs no repair. */
export interface Quiet {
  /** `unknown`: it was asked and did not answer in time, and may do it later. `no`: there is none, or it refused. */
  freeze(guest: GuestRef): Promise<'yes' | 'no' | 'unknown'>;
  /** Of a machine that runs. Throws `transient` when it does not answer, unless it is not known to have frozen any. */
  thaw(guest: GuestRef, frozen: 'yes' | 'unknown'): Promise<void>;
  /** Thaws what somebody who was killed has left frozen. */
  thawLeft(guest: GuestRef): Promise<void>;
}

const isSilent = (error: unknown): boolean => error instanceof InnkeeperError && error.code === 'transient';

export const quieting = (libvirt: Libvirt): Quiet => {
  const hasAgent = async ({ uuid }: GuestRef): Promise<boolean> => {
    const xml = (await libvirt.xml([uuid])).get(uuid);
    return xml !== undefined && portOf(describeDomain(xml), agentPort)?.state === 'connected';
  };

  const ask = ({ uuid }: GuestRef, what: 'freeze' | 'thaw' | 'status'): Promise<unknown> =>
    libvirt.agentCommand(uuid, `guest-fsfreeze-${what}`, {});

  const thaw: Quiet['thaw'] = async (guest, frozen) => {
    const deadline = Date.now() + (frozen === 'yes' ? thawMs : 0);
    for (;;) {
      try {
        await ask(guest, 'thaw');
        return;
      } catch (error) {
        // Whoever has ended holds nothing any more.
        if ((await stateOf(libvirt, guest.uuid)) !== 'running' || frozen === 'unknown') return;
        if (!isSilent(error)) throw error;
        if (Date.now() > deadline)
          throw new InnkeeperError(
            'transient',
            `The file systems of ${guest.name} are frozen: its agent does not thaw them`,
            {
              cause: error,
              hint: `virsh domfsthaw ${guest.name}, or inn restart ${guest.name}`,
            },
          );
        await delay(askAgainMs);
      }
    }
  };

  return {
    freeze: async (guest) => {
      if (!(await hasAgent(guest))) return 'no';
      try {
        await ask(guest, 'freeze');
        return 'yes';
      } catch (error) {
        return isSilent(error) ? 'unknown' : 'no';
      }
    },
    thaw,
    thawLeft: async (guest) => {
      if (!(await hasAgent(guest))) return;
      const status = await ask(guest, 'status').catch(() => undefined);
      if (status === 'frozen') await thaw(guest, 'yes');
    },
  };
};
