import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { findProgram } from '../machine.ts';
import { endProcess, findProcess, type ProcessFacts, readPid } from '../process.ts';
import { controllerWrapper, namespaceScript } from './controller.ts';
import { type Cures, findCures, needsNamespace, privateMounts } from './cures.ts';
import { type DeviceAccess, openKvmDevice, restoreKvmDevice } from './kvm-device.ts';
import { parseMountInfo } from './mounts.ts';

/**
 * libvirtd is the machine's, not one installation's: whichever prefix starts it, the next one finds it here.
 * Gone after a reboot, as libvirtd itself.
 */
const directory = '/run/innkeeper-libvirt';
const recordFile = `${directory}/started.json`;
const wrapper = `${directory}/libvirt_lxc`;
const realController = `${directory}/libvirt_lxc.real`;
const controllers = ['/usr/lib/libvirt/libvirt_lxc', '/usr/libexec/libvirt_lxc'];

interface Started {
  readonly daemons: readonly { readonly name: string; readonly pid: number; readonly startTicks: number }[];
  /** Mount points that were private and are shared since. */
  readonly shared: readonly string[];
  /** What the access to /dev/kvm was before. */
  readonly kvm?: DeviceAccess;
}

const readRecord = async (host: Host): Promise<Started | undefined> => {
  const text = await host.files.readTextIfThere(recordFile);
  return text === undefined ? undefined : (JSON.parse(text) as Started);
};

const pidFileOf = (daemon: string): string => `/run/${daemon}.pid`;

const runningDaemon = async (host: Host, daemon: string): Promise<ProcessFacts | undefined> => {
  const pid = await readPid(host, pidFileOf(daemon));
  const found = pid === undefined ? undefined : await findProcess(host, pid);
  return found?.command === daemon ? found : undefined;
};

const findController = async (host: Host): Promise<string | undefined> => {
  for (const path of controllers) if (await host.files.facts(path)) return path;
  return undefined;
};

const daemonPath = async (host: Host, daemon: string): Promise<string> => {
  const path = await findProgram(host, daemon);
  if (path !== undefined) return path;
  throw new InnkeeperError('unavailable', `${daemon} is not installed on this machine`, {
    hint: 'Install libvirt: apt-get install libvirt-daemon libvirt-daemon-system libvirt-clients',
  });
};

const writeWrapper = async (host: Host, hierarchy: string): Promise<void> => {
  await host.files.write(wrapper, controllerWrapper(hierarchy, realController), 0o755);
  if (!(await host.files.facts(realController))) await host.files.write(realController, '', 0o600);
};

const startInNamespace = async (host: Host, daemon: string, cures: Cures): Promise<void> => {
  const controller = cures.systemdHierarchy === undefined ? undefined : await findController(host);
  if (cures.systemdHierarchy !== undefined) await writeWrapper(host, cures.systemdHierarchy);
  const script = ['sh', '-c', namespaceScript, 'sh', daemon, controller ?? '', wrapper, realController];
  await host.run(['unshare', '-m', '--propagation', 'slave', ...script, ...cures.unmount]);
};

/** Starts libvirtd and virtlogd as daemons. Returns what had to be cured, for people. */
export const startByHand = async (host: Host): Promise<string[]> => {
  const mounts = parseMountInfo(await host.files.readText('/proc/self/mountinfo'));
  const cures = findCures(mounts);
  const shared = needsNamespace(cures) ? privateMounts(mounts) : [];
  await host.files.makeDirectory(directory, 0o755);
  const kvm = await openKvmDevice(host);
  const logger = await daemonPath(host, 'virtlogd');
  const daemon = await daemonPath(host, 'libvirtd');
  if (!(await runningDaemon(host, 'virtlogd'))) await host.run([logger, '-d']);
  if (shared.length > 0) await host.run(['mount', '--make-rshared', '/']);
  if (needsNamespace(cures)) await startInNamespace(host, daemon, cures);
  else await host.run([daemon, '-d']);
  await recordStart(host, shared, kvm);
  return [...describe(cures, shared), ...(kvm === undefined ? [] : ['/dev/kvm opened for the group kvm'])];
};

const recordStart = async (host: Host, shared: readonly string[], kvm: DeviceAccess | undefined): Promise<void> => {
  const earlier = await readRecord(host);
  const daemons = [];
  for (const name of ['libvirtd', 'virtlogd']) {
    const found = await runningDaemon(host, name);
    if (found !== undefined) daemons.push({ name, pid: found.pid, startTicks: found.startTicks });
  }
  const before = earlier?.kvm ?? kvm;
  const record: Started = {
    daemons,
    shared: [...new Set([...(earlier?.shared ?? []), ...shared])],
    ...(before === undefined ? {} : { kvm: before }),
  };
  await host.files.write(recordFile, `${JSON.stringify(record, null, 2)}\n`, 0o644);
};

const describe = (cures: Cures, shared: readonly string[]): string[] => [
  ...(shared.length > 0 ? ['mounts shared'] : []),
  ...(cures.unmount.length > 0 ? ['cgroup2 of the hybrid layout hidden from it'] : []),
  ...(cures.systemdHierarchy !== undefined ? ['one systemd group per container'] : []),
];

/** Whether the libvirtd that runs now is one that {@link startByHand} started. */
export const isStartedByHand = async (host: Host): Promise<boolean> => {
  const record = await readRecord(host);
  const running = await runningDaemon(host, 'libvirtd');
  return record?.daemons.some((d) => d.pid === running?.pid && d.startTicks === running.startTicks) ?? false;
};

/** Stops only what {@link startByHand} started. Guests run on: QEMU and libvirt_lxc do not need libvirtd to live. */
export const stopByHand = async (host: Host): Promise<string[]> => {
  const record = await readRecord(host);
  if (record === undefined) return [];
  const stopped: string[] = [];
  for (const { name, pid, startTicks } of record.daemons) {
    const found = await findProcess(host, pid);
    if (found?.startTicks !== startTicks) continue;
    await endProcess(host, found, { graceMs: 15_000 });
    stopped.push(name);
  }
  for (const point of record.shared) {
    if (await host.files.facts(point)) await host.run(['mount', '--make-private', point], { expect: [0, 1, 32] });
  }
  if (record.kvm !== undefined) await restoreKvmDevice(host, record.kvm);
  await host.files.remove(directory);
  return stopped;
};
