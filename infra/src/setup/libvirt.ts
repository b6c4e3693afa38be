import { libvirtVersion } from '../libvirt/virsh.ts';
import { ensureLibvirt, isLibvirtReady, type LibvirtState } from '../libvirt.ts';
import { hasSystemd } from '../machine.ts';
import { noteChange } from '../record.ts';
import type { Step } from './step.ts';

const describe = (state: LibvirtState): string => {
  const how = {
    systemd: 'through systemd',
    innkeeper: 'started by hand: no systemd here',
    'somebody else': 'was running',
  }[state.startedBy];
  const cures = state.cures.length === 0 ? '' : `; ${state.cures.join(', ')}`;
  return `running (libvirtd ${state.version}, ${how}${cures}), network default is up`;
};

export const libvirt: Step = {
  name: 'libvirt',
  why: 'it runs the guests',
  check: async ({ host }) =>
    (await isLibvirtReady(host))
      ? { done: true, text: `libvirtd ${await libvirtVersion(host)} runs, network default is up` }
      : { done: false, text: 'starting libvirtd and the network default' },
  apply: async ({ host, paths }) => {
    const startsByHand = !(await hasSystemd(host)) && (await libvirtVersion(host)) === undefined;
    await noteChange(host, paths, { libvirtStartedByHand: startsByHand });
    const state = await ensureLibvirt(host);
    await noteChange(host, paths, {
      libvirtUnits: state.units,
      network: state.network,
    });
    return describe(state);
  },
};
