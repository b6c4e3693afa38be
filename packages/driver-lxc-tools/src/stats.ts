import type { GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import type { GuestStats } from '@innkeeper/model';
import { readStates } from './containers.ts';

/** Where a container's own cgroup is, by controller; on v2 there is one for all. */
interface OwnCgroups {
  readonly layout: 1 | 2;
  readonly folder: (controller: string) => string | undefined;
}

/** A path of init's up to the part that LXC made: below it is what the container's systemd made inside. */
const ownPart = (path: string): string => /^.*?\/lxc\.payload[^/]*/.exec(path)?.[0] ?? path;

const ownCgroups = (text: string): OwnCgroups | undefined => {
  const lines = text.split('\n').flatMap((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ controllers: names.split(','), path: ownPart(path) }];
  });
  const pathOf = (controller: string): string | undefined =>
    lines.find(({ controllers }) => controllers.includes(controller))?.path;
  if (pathOf('memory') !== undefined)
    return {
      layout: 1,
      folder: (controller) => {
        const path = pathOf(controller);
        return path === undefined ? undefined : `/sys/fs/cgroup/${controller}${path}`;
      },
    };
  const unified = pathOf('');
  return unified === undefined ? undefined : { layout: 2, folder: () => `/sys/fs/cgroup${unified}` };
};

const firstNumber = (text: string | undefined, pattern = /^(\d+)$/m): number | undefined => {
  const found = pattern.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
};

/** Bytes of its network, of all interfaces but loopback, from inside: received is what the guest received. */
const traffic = (text: string | undefined): Pick<GuestStats, 'receivedBytes' | 'sentBytes'> => {
  const rows = (text ?? '').split('\n').flatMap((row) => {
    const [, name, figures = ''] = /^\s*([^:\s]+):\s*(.*)$/.exec(row) ?? [];
    return name === undefined || name === 'lo' ? [] : [figures.split(/\s+/).map(Number)];
  });
  const sum = (column: number): number => rows.reduce((total, row) => total + (row[column] ?? 0), 0);
  return rows.length === 0 ? {} : { receivedBytes: sum(0), sentBytes: sum(8) };
};

/** What belongs to init may end between two readings: a figure that cannot be read is missing. */
const quiet = (host: Host, path: string): Promise<string | undefined> =>
  host.files.readTextIfThere(path).catch(() => undefined);

/** Memory is without the page cache that the kernel would give back at once (inactive files), as `docker stats` counts it. */
const statsOf = async (host: Host, pid: number): Promise<GuestStats> => {
  const cgroups = ownCgroups((await quiet(host, `/proc/${pid}/cgroup`)) ?? '');
  if (cgroups === undefined) return {};
  const read = async (controller: string, file: string): Promise<string | undefined> => {
    const folder = cgroups.folder(controller);
    return folder === undefined ? undefined : quiet(host, `${folder}/${file}`);
  };
  const v1 = cgroups.layout === 1;
  const used = firstNumber(await read('memory', v1 ? 'memory.usage_in_bytes' : 'memory.current'));
  const cache = firstNumber(
    await read('memory', 'memory.stat'),
    v1 ? /^total_inactive_file (\d+)$/m : /^inactive_file (\d+)$/m,
  );
  const cpu = v1
    ? firstNumber(await read('cpuacct', 'cpuacct.usage'))
    : firstNumber(await read('cpu', 'cpu.stat'), /^usage_usec (\d+)$/m);
  const processes = firstNumber(await read('pids', 'pids.current'));
  return {
    ...(used === undefined ? {} : { memoryBytes: Math.max(0, used - (cache ?? 0)) }),
    ...(cpu === undefined ? {} : { cpuSeconds: cpu / (v1 ? 1e9 : 1e6) }),
    ...(processes === undefined ? {} : { processes }),
    ...traffic(await quiet(host, `/proc/${pid}/net/dev`)),
  };
};

/** One program for all, to learn their inits; the figures are files. */
export const containerStats = async (host: Host, guests: readonly GuestRef[]): Promise<Map<string, GuestStats>> => {
  if (guests.length === 0) return new Map();
  const running = await readStates(host);
  return new Map(
    await Promise.all(
      guests.map(async ({ uuid, name }): Promise<[string, GuestStats]> => {
        const pid = running.get(name)?.pid;
        return [uuid, pid === undefined ? {} : await statsOf(host, pid)];
      }),
    ),
  );
};
