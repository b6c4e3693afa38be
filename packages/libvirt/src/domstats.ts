import { parseNames } from './domains.ts';
import type { Virsh } from './virsh.ts';

export interface BlockStats {
  /** Name in the guest, such as `vda`. */
  readonly name: string;
  readonly path: string | undefined;
  readonly readRequests: number;
  readonly readBytes: number;
  readonly writeRequests: number;
  readonly writeBytes: number;
  /** Bytes; undefined where libvirt cannot tell. */
  readonly capacityBytes: number | undefined;
  readonly allocationBytes: number | undefined;
  readonly physicalBytes: number | undefined;
}

export interface NetStats {
  /** Name of the device on the host. */
  readonly name: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/** Everything is undefined that libvirt did not say: a guest without a balloon driver has no `unusedBytes`. */
export interface DomainStats {
  readonly uuid: string;
  readonly name: string;
  /** Nanoseconds of CPU used since start. */
  readonly cpuTimeNs: number | undefined;
  readonly cpuUserNs: number | undefined;
  readonly cpuSystemNs: number | undefined;
  readonly vcpus: number | undefined;
  readonly balloon: {
    readonly currentBytes: number | undefined;
    readonly maximumBytes: number | undefined;
    /** Resident memory of the QEMU process. */
    readonly rssBytes: number | undefined;
    readonly unusedBytes: number | undefined;
    readonly availableBytes: number | undefined;
    readonly usableBytes: number | undefined;
    readonly swapInBytes: number | undefined;
    readonly swapOutBytes: number | undefined;
  };
  readonly blocks: readonly BlockStats[];
  readonly nets: readonly NetStats[];
}

export interface StatsReads {
  /**
   * Every running domain in one question. Throws `unsupported` for containers: libvirt's LXC driver has no such call.
   */
  domstats(): Promise<DomainStats[]>;
}

type Values = ReadonlyMap<string, string>;

const number = (values: Values, key: string): number | undefined => {
  const text = values.get(key);
  return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
};
const kibibytes = (values: Values, key: string): number | undefined => {
  const value = number(values, key);
  return value === undefined ? undefined : value * 1024;
};

const block = (values: Values, index: number): BlockStats => {
  const key = (name: string): string => `block.${index}.${name}`;
  return {
    name: values.get(key('name')) ?? '',
    path: values.get(key('path')),
    readRequests: number(values, key('rd.reqs')) ?? 0,
    readBytes: number(values, key('rd.bytes')) ?? 0,
    writeRequests: number(values, key('wr.reqs')) ?? 0,
    writeBytes: number(values, key('wr.bytes')) ?? 0,
    capacityBytes: number(values, key('capacity')),
    allocationBytes: number(values, key('allocation')),
    physicalBytes: number(values, key('physical')),
  };
};

const net = (values: Values, index: number): NetStats => {
  const count = (name: string): number => number(values, `net.${index}.${name}`) ?? 0;
  return {
    name: values.get(`net.${index}.name`) ?? '',
    rxBytes: count('rx.bytes'),
    rxPackets: count('rx.pkts'),
    rxErrors: count('rx.errs'),
    rxDropped: count('rx.drop'),
    txBytes: count('tx.bytes'),
    txPackets: count('tx.pkts'),
    txErrors: count('tx.errs'),
    txDropped: count('tx.drop'),
  };
};

const upTo = (count: number | undefined): number[] => Array.from({ length: count ?? 0 }, (_, index) => index);

const describe = (uuid: string, name: string, values: Values): DomainStats => ({
  uuid,
  name,
  cpuTimeNs: number(values, 'cpu.time'),
  cpuUserNs: number(values, 'cpu.user'),
  cpuSystemNs: number(values, 'cpu.system'),
  vcpus: number(values, 'vcpu.current'),
  balloon: {
    currentBytes: kibibytes(values, 'balloon.current'),
    maximumBytes: kibibytes(values, 'balloon.maximum'),
    rssBytes: kibibytes(values, 'balloon.rss'),
    unusedBytes: kibibytes(values, 'balloon.unused'),
    availableBytes: kibibytes(values, 'balloon.available'),
    usableBytes: kibibytes(values, 'balloon.usable'),
    swapInBytes: kibibytes(values, 'balloon.swap_in'),
    swapOutBytes: kibibytes(values, 'balloon.swap_out'),
  },
  blocks: upTo(number(values, 'block.count')).map((index) => block(values, index)),
  nets: upTo(number(values, 'net.count')).map((index) => net(values, index)),
});

/**
 * Reads `domstats --raw`, which says names only; `uuids` by name completes them. Sizes of the balloon are in KiB
 * there.
 */
export const parseDomstats = (text: string, uuids: ReadonlyMap<string, string>): DomainStats[] => {
  const found: DomainStats[] = [];
  let current: { readonly name: string; readonly values: Map<string, string> } | undefined;
  const finish = (): void => {
    const uuid = current === undefined ? undefined : uuids.get(current.name);
    if (current !== undefined && uuid !== undefined) found.push(describe(uuid, current.name, current.values));
  };
  for (const line of text.split('\n')) {
    const name = /^Domain: '(.*)'$/.exec(line)?.[1];
    if (name !== undefined) {
      finish();
      current = { name, values: new Map() };
      continue;
    }
    const equals = line.indexOf('=');
    if (equals > 0) current?.values.set(line.slice(0, equals).trim(), line.slice(equals + 1));
  }
  finish();
  return found;
};

export const statsReads = (virsh: Virsh): StatsReads => ({
  domstats: async () => {
    // --nowait: a guest whose monitor hangs would hold up everybody's figures.
    const [paired, exact, stats = ''] = await virsh.batch('read the use of the domains', [
      ['list', '--uuid', '--name'],
      ['list', '--name'],
      ['domstats', '--raw', '--nowait', '--list-active'],
    ]);
    return parseDomstats(stats, new Map(parseNames(paired, exact).map(([uuid, name]) => [name, uuid])));
  },
});
