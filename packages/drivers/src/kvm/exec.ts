import type { ExecOptions, GuestRef } from '@innkeeper/driver-contract';
import { openShells, type Shells, shellPort } from '@innkeeper/guest-shell';
import type { Host, HostProcess } from '@innkeeper/host';
import { type DomainDescription, describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError } from '@innkeeper/model';
import { requireRunning } from '../shared/lifecycle.ts';
import { agentExec } from './agent-exec.ts';
import { agentPort } from './xml.ts';

/** A connection that nobody uses stays for a moment, since the next command costs a round trip with it. */
const idleMs = 20_000;

export const portOf = (
  { consoles }: DomainDescription,
  name: string,
): DomainDescription['consoles'][number] | undefined =>
  consoles.find((one) => one.kind === 'channel' && one.name === name);

const noTerminal = (name: string, why: string): InnkeeperError =>
  new InnkeeperError('unsupported', `${name} offers no terminal: ${why}`, {
    hint: `inn exec -T ${name} -- …, or inn console ${name}`,
  });

/** The socket of the shell of a machine that runs, or why commands have to go by QEMU's agent. Throws `conflict` while neither answers. */
const findShell = (guest: GuestRef, description: DomainDescription): { path: string } | { missing: string } => {
  const shell = portOf(description, shellPort);
  if (shell === undefined)
    return { missing: 'it was not made from an image of this version, and has QEMU’s agent alone' };
  if (shell.state === 'connected' && shell.path !== undefined) return { path: shell.path };
  // The shell is there before the agent is.
  if (portOf(description, agentPort)?.state === 'connected')
    return { missing: 'innkeeper-shell.service does not run inside, QEMU’s agent alone does' };
  throw new InnkeeperError('conflict', `${guest.name} does not answer yet`, {
    hint: `it takes commands late in its boot; inn console ${guest.name} works without it`,
  });
};

/** Runs commands in machines of a host: by the program of our images where it is there, by QEMU's agent elsewhere. */
export const machineExec = (
  host: Host,
  libvirt: Libvirt,
): ((guest: GuestRef, options: ExecOptions) => Promise<HostProcess>) => {
  /** One connection for each machine in which commands run or ran just now. */
  const connections = new Map<string, Promise<Shells | string>>();

  const connect = async (guest: GuestRef): Promise<Shells | string> => {
    await requireRunning(libvirt, guest);
    const xml = (await libvirt.xml([guest.uuid])).get(guest.uuid);
    if (xml === undefined) throw new InnkeeperError('not_found', `There is no ${guest.name}`);
    const found = findShell(guest, describeDomain(xml));
    if ('missing' in found) return found.missing;
    const stream = await host.connect({ socket: found.path }).catch((error: unknown) => {
      throw new InnkeeperError('conflict', `The shell of ${guest.name} cannot be reached`, { cause: error });
    });
    return openShells(stream, { name: guest.name });
  };

  const shellsOf = (guest: GuestRef): Promise<Shells | string> => {
    const known = connections.get(guest.uuid);
    if (known !== undefined) return known;
    const opening = connect(guest);
    connections.set(guest.uuid, opening);
    const forget = (): void => {
      if (connections.get(guest.uuid) === opening) connections.delete(guest.uuid);
    };
    opening.then((shells) => (typeof shells === 'string' ? forget() : void shells.closed.then(forget)), forget);
    return opening;
  };

  const idle = new WeakMap<Shells, NodeJS.Timeout>();
  return async (guest, options) => {
    const shells = await shellsOf(guest);
    if (typeof shells === 'string') {
      if (options.tty !== undefined) throw noTerminal(guest.name, shells);
      return agentExec(libvirt, guest, options);
    }
    const process = shells.spawn(options);
    clearTimeout(idle.get(shells));
    void process.exit.then(() => {
      if (shells.running === 0)
        idle.set(shells, setTimeout(() => shells.running === 0 && shells.close(), idleMs).unref());
    });
    return process;
  };
};
