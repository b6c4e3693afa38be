import type { MachineReport } from '@innkeeper/model';
import type { Host } from './host.ts';
import { readListeners } from './listeners.ts';

const line = async (host: Host, path: string): Promise<string> => (await host.files.readText(path)).trim();

/** Grants of /etc/subuid and /etc/subgid: ids that rootless programs of this machine use. */
const grants = async (host: Host, path: string): Promise<{ start: number; count: number }[]> =>
  ((await host.files.readTextIfThere(path)) ?? '').split('\n').flatMap((entry) => {
    const [, start, count] = entry.split(':').map(Number);
    return start !== undefined && count !== undefined && Number.isInteger(start) && Number.isInteger(count)
      ? [{ start, count }]
      : [];
  });

const readBridges = async (host: Host): Promise<string[]> => {
  const { stdout } = await host.run(
    ['find', '/sys/class/net/', '-follow', '-maxdepth', '2', '-name', 'bridge', '-printf', '%h\\n'],
    {
      expect: [0, 1],
    },
  );
  return stdout
    .split('\n')
    .flatMap((path) => path.split('/').at(-1) || [])
    .sort();
};

/** Part of `ip -json -details link` that is read. */
interface Link {
  readonly ifname: string;
  readonly link_type?: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

const isOfGuests = (info: Link['linkinfo']): boolean => ['macvtap', 'macvlan', 'tun'].includes(info?.info_kind ?? '');

/** Neither the loopback, nor ports of bridges, nor what guests have on a link already. */
const readLinks = async (host: Host): Promise<string[]> => {
  const { stdout } = await host.run(['ip', '-json', '-details', 'link'], { expect: [0, 1, 127, 255] });
  const links = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly Link[];
  return links
    .filter(({ link_type, master, linkinfo }) => link_type === 'ether' && master === undefined && !isOfGuests(linkinfo))
    .map(({ ifname }) => ifname)
    .sort();
};

/** Facts about a machine, from /proc. `state` is the directory whose file system holds the guests. */
export const readMachine = async (host: Host, state: string): Promise<MachineReport> => {
  const cpuinfo = await host.files.readText('/proc/cpuinfo');
  const meminfo = await host.files.readText('/proc/meminfo');
  const space = await host.files.space(state);
  return {
    hostname: await line(host, '/proc/sys/kernel/hostname'),
    arch: (await host.run(['uname', '-m'])).stdout.trim() === 'aarch64' ? 'aarch64' : 'x86_64',
    kernel: await line(host, '/proc/sys/kernel/osrelease'),
    bootId: await line(host, '/proc/sys/kernel/random/boot_id'),
    cpus: (cpuinfo.match(/^processor\s*:/gm) ?? []).length,
    memoryBytes: Number(/^MemTotal:\s*(\d+) kB/m.exec(meminfo)?.[1] ?? 0) * 1024,
    diskFreeBytes: space.free,
    diskTotalBytes: space.total,
    reservedIds: [...(await grants(host, '/etc/subuid')), ...(await grants(host, '/etc/subgid'))],
    listening: await readListeners(host),
    bridges: await readBridges(host),
    links: await readLinks(host),
  };
};
