import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { isStartedByHand, startByHand, stopByHand } from './libvirt/by-hand.ts';
import { defaultNetworkState, ensureDefaultNetwork, type NetworkState } from './libvirt/network.ts';
import { startUnits, type UnitState } from './libvirt/units.ts';
import { libvirtVersion } from './libvirt/virsh.ts';
import { findProgram, hasSystemd } from './machine.ts';
import { waitFor } from './wait.ts';

export interface LibvirtState {
  readonly version: string;
  readonly startedBy: 'systemd' | 'innkeeper' | 'somebody else';
  /** Whether this call had to start it. */
  readonly started: boolean;
  /** What had to be cured around it, for people. */
  readonly cures: readonly string[];
  /** State from before of what this call changed, for an exact undo. */
  readonly network: NetworkState;
  readonly units: readonly UnitState[];
}

const waitForVersion = async (host: Host): Promise<string> => {
  const version = await waitFor(() => libvirtVersion(host), { limitMs: 30_000, everyMs: 250 });
  if (version !== undefined) return version;
  throw new InnkeeperError('unavailable', 'libvirt was started but does not answer', {
    hint: (await hasSystemd(host)) ? 'Look at: journalctl -u libvirtd' : 'Look at: /var/log/libvirt/libvirtd.log',
  });
};

const withSystemd = async (host: Host) => {
  const units = await startUnits(host);
  const version = await waitForVersion(host);
  return { version, startedBy: 'systemd' as const, started: units.length > 0, cures: [], units };
};

const withoutSystemd = async (host: Host) => {
  const running = await libvirtVersion(host);
  if (running !== undefined) {
    const ours = await isStartedByHand(host);
    const startedBy = ours ? ('innkeeper' as const) : ('somebody else' as const);
    return { version: running, startedBy, started: false, cures: [], units: [] };
  }
  const cures = await startByHand(host);
  const version = await waitForVersion(host);
  return { version, startedBy: 'innkeeper' as const, started: true, cures, units: [] };
};

const requireClient = async (host: Host): Promise<void> => {
  if (await findProgram(host, 'virsh')) return;
  throw new InnkeeperError('unavailable', 'virsh is not installed on this machine', {
    hint: 'Install it: apt-get install libvirt-clients',
  });
};

/** Whether libvirt answers and its network `default` is up and autostarted. */
export const isLibvirtReady = async (host: Host): Promise<boolean> => {
  if (!(await findProgram(host, 'virsh')) || (await libvirtVersion(host)) === undefined) return false;
  const network = await defaultNetworkState(host);
  return network.active && network.autostart;
};

/** Makes libvirt and its network `default` run; a running one is left as it is. */
export const ensureLibvirt = async (host: Host): Promise<LibvirtState> => {
  await requireClient(host);
  const daemon = (await hasSystemd(host)) ? await withSystemd(host) : await withoutSystemd(host);
  return { ...daemon, network: await ensureDefaultNetwork(host) };
};

/** Stops a libvirtd that {@link ensureLibvirt} started by hand, nobody else's; names what was stopped. */
export const stopLibvirt = (host: Host): Promise<string[]> => stopByHand(host);
