import type { Host } from './host.ts';

/** libvirt's networks, as its own lease helper writes them: JSON, by MAC. */
const libvirtFolder = '/var/lib/libvirt/dnsmasq';
/** Those of dnsmasq alone, such as the bridge of Debian's package lxc. */
const dnsmasqFolder = '/var/lib/misc';

/** Where leases are written, as patterns for {@link Host.changes}. */
export const leaseFiles: readonly string[] = [`${libvirtFolder}/*.status`, `${dnsmasqFolder}/dnsmasq.*.leases`];

interface Entry {
  readonly mac: string;
  readonly address: string;
  /** Seconds since 1970; 0 never ends. */
  readonly until: number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const parsed = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    // Being written, or of somebody else.
    return [];
  }
};

const libvirtEntries = (content: string): Entry[] => {
  const list = parsed(content);
  return (Array.isArray(list) ? list : []).map((one: Readonly<Record<string, unknown>> | null) => ({
    mac: text(one?.['mac-address']),
    address: text(one?.['ip-address']),
    until: Number(one?.['expiry-time'] ?? 0),
  }));
};

/** `1700000000 52:54:00:00:00:01 10.0.3.7 name id` for each lease. */
const dnsmasqEntries = (content: string): Entry[] =>
  content.split('\n').map((line) => {
    const [until = '', mac = '', address = ''] = line.split(' ');
    return { mac, address, until: Number(until) };
  });

const mac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const address = /^[0-9a-f.:]+$/i;

/** Addresses by MAC, in lower case, of the leases in these files that have not ended. */
export const parseLeaseFiles = (
  files: readonly { readonly name: string; readonly content: string }[],
  nowMs: number,
): Map<string, string[]> => {
  const found = new Map<string, string[]>();
  for (const { name, content } of files)
    for (const one of name.endsWith('.status') ? libvirtEntries(content) : dnsmasqEntries(content)) {
      if (!mac.test(one.mac) || !address.test(one.address)) continue;
      if (one.until > 0 && one.until * 1000 < nowMs) continue;
      const key = one.mac.toLowerCase();
      found.set(key, [...new Set([...(found.get(key) ?? []), one.address])]);
    }
  return found;
};

const filesIn = async (host: Host, folder: string, pattern: RegExp): Promise<string[]> =>
  (await host.files.list(folder)).filter((name) => pattern.test(name)).map((name) => `${folder}/${name}`);

/**
 * Every address that the DHCP servers of a host have given out, by MAC in lower case: of libvirt's networks and of those that
 * dnsmasq serves alone. Files only, however many guests there are.
 */
export const readLeases = async (host: Host): Promise<ReadonlyMap<string, readonly string[]>> => {
  const names = (
    await Promise.all([
      filesIn(host, libvirtFolder, /^[^/]+\.status$/),
      filesIn(host, dnsmasqFolder, /^dnsmasq\..*\.leases$/),
    ])
  ).flat();
  const contents = await host.files.readTexts(names);
  return parseLeaseFiles(
    names.map((name, at) => ({ name, content: contents[at] ?? '' })),
    Date.now(),
  );
};
