import type { Host } from '@innkeeper/host';
import type { Libvirt } from '@innkeeper/libvirt';
import type { Capability, DriverReport, Paths } from '@innkeeper/model';
import { publishCapability } from '@innkeeper/network';
import { containerProfileFile, containerProfileState, hasMountHook, mountHookFile } from '@innkeeper/storage';
import { limitCapability } from '../shared/bandwidth.ts';
import { poolCapability } from '../shared/pools.ts';
import type { Freezer } from './freezer.ts';

/** The hook is the way into the profile: without it a container with this label does not start. */
const confinement = async (
  host: Host,
  paths: Paths,
  libvirt: Pick<Libvirt, 'capabilitiesXml'>,
  hook: boolean,
): Promise<Capability> => {
  const profile = await containerProfileState(host, paths);
  const file = containerProfileFile(paths);
  if (profile === 'none') return { value: 'none', evidence: 'AppArmor does not run on this host' };
  if (profile === 'missing')
    return { value: 'missing', evidence: `AppArmor runs, and ${file} is missing, not loaded or of another version` };
  if (!hook)
    return { value: 'missing', evidence: `the way into it, ${mountHookFile(paths)}, is missing or of another version` };
  const capabilities = await libvirt.capabilitiesXml().catch(() => undefined);
  if (capabilities === undefined) return { value: 'none', evidence: 'libvirt does not answer' };
  if (!/<model>apparmor<\/model>/.test(capabilities))
    return {
      value: 'none',
      evidence: 'libvirt does not use AppArmor for containers here (security_driver in lxc.conf)',
    };
  return { value: 'apparmor', evidence: file };
};

/** What containers can do on this host, and why that is believed. */
export const containerCapabilities = async (
  host: Host,
  paths: Paths,
  freezer: Pick<Freezer, 'capability'>,
  libvirt: Pick<Libvirt, 'capabilitiesXml'>,
): Promise<DriverReport['capabilities']> => {
  const hook = await hasMountHook(host, paths);
  return {
    'guest.os': {
      value: ['linux'],
      evidence: 'containers share the host kernel, Linux',
      reasonIfAbsent: 'a container shares the Linux kernel of its host',
    },
    'kernel.own': {
      value: false,
      evidence: 'containers share the host kernel',
      reasonIfAbsent: 'a container has no kernel of its own',
    },
    'firmware.secure-boot': {
      value: false,
      evidence: 'containers have no firmware',
      reasonIfAbsent: 'a container has no firmware',
    },
    tpm: { value: false, evidence: 'containers have no TPM', reasonIfAbsent: 'a container has no TPM' },
    exec: { value: true, evidence: "through the container's namespaces" },
    'exec.stream': { value: true, evidence: 'a process of the host, in the container' },
    'exec.tty': { value: true, evidence: 'a terminal of the host' },
    'files.stopped': { value: true, evidence: "the container's own tar, in namespaces of its own over its root" },
    screen: {
      value: false,
      evidence: 'containers have no screen',
      reasonIfAbsent: 'a container has no screen',
    },
    console: { value: true, evidence: "libvirt's pty" },
    'console.history': { value: true, evidence: 'one process for all containers of a host reads their consoles' },
    pause: await freezer.capability(),
    pools: poolCapability,
    rename: { value: true, evidence: 'its definition is made again with the name' },
    'snapshots.schedule': { value: true, evidence: 'Innkeeper asks for them when they are due' },
    snapshots: { value: true, evidence: 'copies of its upper layer and volumes, while it is frozen or stopped' },
    clone: { value: true, evidence: 'a copy of its upper layer and volumes, with ids of its own' },
    backup: { value: true, evidence: 'its upper layer, volumes and image, with the ids that it has inside' },
    adopt: { value: true, evidence: "an element of our own in the domain's metadata" },
    'convert.from': {
      value: false,
      evidence: 'its containers are where others become',
      reasonIfAbsent: "libvirt's containers are not turned into others",
    },
    'convert.to': { value: true, evidence: 'libvirt starts a container on any directory' },
    'cpu.weight': { value: true, evidence: 'cgroup weight of the container' },
    'cpu.pinning': { value: true, evidence: 'libvirt starts containers on the processors of a list' },
    volumes: { value: true, evidence: 'directories of the host, mounted in the container' },
    'limits.cpu': { value: true, evidence: 'cgroup quota' },
    'network.limits': await limitCapability(host),
    'network.publish': await publishCapability(host),
    'network.define': { value: true, evidence: 'networks of libvirt' },
    'cloud-init': { value: true, evidence: 'cloud-init of our images, told by files in its root (NoCloud)' },
    'start.by-others': {
      value: hook,
      evidence: mountHookFile(paths),
      reasonIfAbsent: `its root is mounted only when Innkeeper starts it: ${mountHookFile(paths)} is missing or of another version`,
    },
    confinement: await confinement(host, paths, libvirt, hook),
    'limits.memory': { value: true, evidence: 'cgroup limit' },
    'limits.disk': {
      value: false,
      evidence: 'overlay on a directory',
      reasonIfAbsent: 'an overlay directory has no quota',
    },
  };
};
