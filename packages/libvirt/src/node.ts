import { InnkeeperError } from '@innkeeper/model';
import type { Virsh } from './virsh.ts';

export interface LibvirtVersion {
  /** Of the daemon that serves the connection. */
  readonly daemon: string;
  /** Of the virsh that was run. */
  readonly library: string;
  /** `QEMU`, `LXC`. */
  readonly driver: string;
  /** Of QEMU or, with containers, of the kernel. */
  readonly hypervisor: string | undefined;
}

export interface NodeInfo {
  readonly arch: string;
  /** Threads the scheduler sees. */
  readonly cpus: number;
  readonly sockets: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
  readonly numaCells: number;
  readonly memoryBytes: number;
}

export interface DomainCapabilitiesQuery {
  readonly virttype?: string;
  readonly arch?: string;
  readonly machine?: string;
}

export interface NodeReads {
  version(): Promise<LibvirtVersion>;
  nodeInfo(): Promise<NodeInfo>;
  capabilitiesXml(): Promise<string>;
  /** Throws `unsupported` on a connection to containers. */
  domainCapabilitiesXml(query: DomainCapabilitiesQuery): Promise<string>;
  /** Resolves when the daemon answers within 5 s, else throws `transient`. */
  ping(): Promise<void>;
}

const fields = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
    }),
  );

/** Reads `virsh version --daemon`. */
export const parseVersion = (text: string): LibvirtVersion => {
  const found = fields(text);
  const hypervisor = found.get('Running hypervisor')?.split(' ') ?? [];
  const driver = found.get('Using API')?.split(' ')[0];
  const daemon = found.get('Running against daemon');
  const library = found.get('Using library')?.replace(/^libvirt /, '');
  if (driver === undefined || daemon === undefined || library === undefined) {
    throw new InnkeeperError('host_error', 'The version of libvirt cannot be read', { detail: text });
  }
  return { daemon, library, driver, hypervisor: hypervisor[1] };
};

/** Reads `virsh nodeinfo`; its memory is in KiB. */
export const parseNodeInfo = (text: string): NodeInfo => {
  const found = fields(text);
  const number = (name: string): number => {
    const value = Number.parseInt(found.get(name) ?? '', 10);
    if (Number.isNaN(value))
      throw new InnkeeperError('host_error', `The host does not say its "${name}"`, { detail: text });
    return value;
  };
  return {
    arch: found.get('CPU model') ?? 'unknown',
    cpus: number('CPU(s)'),
    sockets: number('CPU socket(s)'),
    coresPerSocket: number('Core(s) per socket'),
    threadsPerCore: number('Thread(s) per core'),
    numaCells: number('NUMA cell(s)'),
    memoryBytes: number('Memory size') * 1024,
  };
};

const queryArguments = (query: DomainCapabilitiesQuery): string[] =>
  (['virttype', 'arch', 'machine'] as const).flatMap((name) => {
    const value = query[name];
    if (value === undefined) return [];
    if (!/^[\w.-]+$/.test(value)) throw new InnkeeperError('invalid', `"${value.slice(0, 60)}" is not a ${name}`);
    return [`--${name}`, value];
  });

export const nodeReads = (virsh: Virsh): NodeReads => ({
  version: async () => parseVersion(await virsh.run('read the version of libvirt', ['version', '--daemon'])),
  nodeInfo: async () => parseNodeInfo(await virsh.run('read what the host has', ['nodeinfo'])),
  capabilitiesXml: () => virsh.run('read the capabilities of the host', ['capabilities']),
  domainCapabilitiesXml: (query) =>
    virsh.run('read the capabilities of domains', ['domcapabilities', ...queryArguments(query)]),
  ping: async () => {
    await virsh.run('reach libvirt', ['hostname'], { timeoutMs: 5000 });
  },
});
