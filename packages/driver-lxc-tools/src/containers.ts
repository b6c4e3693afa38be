import { editedSince, foreignDetails } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { GuestObservation, GuestState } from '@innkeeper/model';
import { readConfigFacts } from './facts.ts';
import { containerFiles, foreignUuid, lxcPath } from './layout.ts';
import { parseRecord } from './record.ts';

/** State and init of a container, as LXC tells them. */
export interface Running {
  readonly state: string;
  readonly pid: number | undefined;
}

/** Nothing and the word of a state that LXC gives a container which does not run. */
const stopped: Running = { state: 'STOPPED', pid: undefined };

const states: Readonly<Record<string, GuestState>> = {
  STOPPED: 'stopped',
  ABORTING: 'stopped',
  RUNNING: 'running',
  FREEZING: 'paused',
  FROZEN: 'paused',
  THAWED: 'running',
};

export const isStopped = ({ state }: Running): boolean => states[state] === 'stopped';
export const isRunning = ({ state }: Running): boolean => states[state] === 'running';
/** It has been started, and nobody is stopping it. */
export const isUp = ({ state }: Running): boolean => states[state] === 'running' || states[state] === 'paused';

/** Every container's state, by one `lxc-ls`. The name is the last column: it may hold spaces. */
export const readStates = async (host: Host): Promise<ReadonlyMap<string, Running>> => {
  const { stdout } = await host.run(['lxc-ls', `--lxcpath=${lxcPath}`, '--fancy', '--fancy-format=STATE,PID,NAME']);
  const rows = stdout.split('\n').flatMap((row) => {
    const [, state, pid, name] = /^([A-Z]+)\s+(-|\d+)\s+(.*?)\s*$/.exec(row) ?? [];
    return state === undefined || name === undefined
      ? []
      : [[name, { state, pid: pid === '-' ? undefined : Number(pid) }] as const];
  });
  return new Map(rows);
};

export const stateOf = async (host: Host, name: string): Promise<Running> =>
  (await readStates(host)).get(name) ?? stopped;

/** Field 22 of /proc/PID/stat (proc(5)) counts from the boot, in ticks of 10 ms on every Linux that Node runs on. */
const startedAt = async (host: Host, pid: number): Promise<number | undefined> => {
  const stat = await host.files.readTextIfThere(`/proc/${pid}/stat`).catch(() => undefined);
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const boot = /^btime (\d+)$/m.exec(await host.files.readText('/proc/stat'))?.[1];
  return ticks === undefined || boot === undefined ? undefined : Number(boot) * 1000 + Number(ticks) * 10;
};

const observe = async (
  host: Host,
  driver: string,
  name: string,
  running: (name: string) => Promise<Running>,
): Promise<GuestObservation | undefined> => {
  const files = containerFiles(name);
  const config = await host.files.readTextIfThere(files.config);
  if (config === undefined) return undefined;
  const record = parseRecord(name, await host.files.readTextIfThere(files.record));
  const facts = readConfigFacts(config);
  const now = await running(name);
  // An adopted one's config is its owner's, limits and all.
  const edited =
    record === undefined || record.adopted
      ? undefined
      : editedSince(record.ownership.spec, { cpus: [facts.cpus], memoryBytes: [facts.memoryBytes] });
  const started = now.pid === undefined ? undefined : await startedAt(host, now.pid);
  return {
    driver,
    uuid: record?.uuid ?? foreignUuid(name),
    name,
    state: states[now.state] ?? 'other',
    ...(record === undefined ? {} : { ownership: record.ownership }),
    cpus: facts.cpus ?? 1,
    memoryBytes: facts.memoryBytes ?? 0,
    addresses: [...facts.addresses],
    macs: [...facts.macs],
    ...(started === undefined ? {} : { startedAtMs: started }),
    ...(edited === undefined ? {} : { edited }),
    autostart: facts.autostart,
    persistent: true,
    disks: [...facts.disks],
    devices: [...facts.devices],
    idRanges: [...facts.idRanges],
  };
};

const detailsByHost = new WeakMap<Host, ReturnType<typeof foreignDetails>>();

/** What was found out about a host's foreign containers stays known from one listing to the next. */
const detailsOn = (host: Host): ReturnType<typeof foreignDetails> => {
  const known = detailsByHost.get(host) ?? foreignDetails(host);
  detailsByHost.set(host, known);
  return known;
};

/** All containers: their files, and one program whatever their number; none when there is no container. */
export const listContainers = async (host: Host, driver: string): Promise<GuestObservation[]> => {
  const names = (await host.files.list(lxcPath)).filter((name) => !name.startsWith('.'));
  let reading: Promise<ReadonlyMap<string, Running>> | undefined;
  const running = async (name: string): Promise<Running> => {
    reading ??= readStates(host);
    return (await reading).get(name) ?? stopped;
  };
  const seen = await Promise.all(names.map((name) => observe(host, driver, name, running)));
  return detailsOn(host)(seen.filter((one) => one !== undefined));
};
