import { randomBytes } from 'node:crypto';
import type { GuestClaims, NetworkClaim } from '@innkeeper/driver-contract';
import {
  allOf,
  claimCapacity,
  claimDevices,
  claimNetwork,
  claimPorts,
  claimUidRange,
  type Db,
  type GuestRow,
  isDuplicate,
  listLeases,
} from '@innkeeper/inventory';
import {
  address6Of,
  addressNumber,
  addressText,
  type Candidate,
  type CompleteSpec,
  type DeviceReport,
  diskAsked,
  InnkeeperError,
  isHostAddress,
  type MachineReport,
  type NetworkAttachment,
  type NetworkReport,
  portText,
  publicationsOf,
} from '@innkeeper/model';

import { claimOf } from './claimed.ts';
import { type ForeignHold, isForeignHeld } from './devices.ts';
import type { AvailableNetwork } from './networks.ts';

const mostCandidates = 4096;

/** Addresses of a network that nobody else holds, in order. */
export const freeAddresses = (network: NetworkReport): string[] => {
  if (network.range === undefined) return [];
  const taken = new Set([...network.taken, network.gateway]);
  const [start, end] = [addressNumber(network.range.start), addressNumber(network.range.end)];
  const found: string[] = [];
  for (let value = start; value <= end && found.length < mostCandidates; value += 1) {
    const address = addressText(value);
    if (!taken.has(address)) found.push(address);
  }
  return found;
};

/** QEMU's and libvirt's prefix 52:54:00, the rest random; a collision is refused by the database. */
const randomMac = (): string =>
  `52:54:00:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;

const subnetOf = ({ lan, gateway, prefix }: AvailableNetwork): string | undefined =>
  lan ?? (gateway === undefined || prefix === undefined ? undefined : `${gateway}/${prefix}`);

const refusal = (position: number, text: string, hint: string): InnkeeperError =>
  new InnkeeperError('conflict', `networks[${position}].address: ${text}`, { hint });

const candidatesFor = (
  { address }: NetworkAttachment,
  network: AvailableNetwork,
  ours: ReadonlySet<string>,
  position: number,
): string[] => {
  if (address === undefined) return freeAddresses(network);
  const subnet = subnetOf(network);
  if (subnet === undefined)
    throw refusal(
      position,
      `${address} cannot be given on the network ${network.name}, of whose subnet nothing is known`,
      'leave address out, and the network gives one itself; or say subnet and gateway of the network, if it is one of mode bridge',
    );
  if (!isHostAddress(subnet, address))
    throw refusal(position, `${address} is not of the network ${network.name} (${subnet})`, `choose one of ${subnet}`);
  if (address === network.gateway)
    throw refusal(position, `${address} is the gateway of the network ${network.name}`, `choose another of ${subnet}`);
  // What ours hold stands in the host's report as well; who has it is found when it is claimed.
  if (network.taken.includes(address) && !ours.has(address))
    throw refusal(position, `${address} is held by a guest that Innkeeper did not create`, 'choose another');
  return [address];
};

export interface NetworkRequest {
  readonly workloadId: string;
  readonly candidate: Candidate;
  readonly networks: readonly AvailableNetwork[];
}

export interface ClaimRequest extends NetworkRequest {
  readonly name: string;
  readonly spec: CompleteSpec;
  readonly machine: MachineReport;
  /** All that is on the hosts: ids that foreign containers use are left to them. */
  readonly guests: readonly GuestRow[];
  /** What they use of the host. */
  readonly foreign: { readonly cpus: number; readonly memoryBytes: number };
  readonly foreignHolds: readonly ForeignHold[];
}

/** One interface. Throws `conflict` naming what somebody else holds. */
export const claimOneNetwork = async (
  db: Db,
  request: NetworkRequest,
  wanted: NetworkAttachment,
  position: number,
): Promise<NetworkClaim> => {
  const network = request.networks.find(({ name }) => name === wanted.network);
  if (network === undefined || !network.active) {
    const known = request.networks.filter(({ active }) => active).map(({ name }) => name);
    throw new InnkeeperError('conflict', `There is no active network ${wanted.network} on ${request.candidate.host}`, {
      hint: known.length === 0 ? 'virsh net-start default' : `active networks there: ${known.join(', ')}`,
    });
  }
  const held = wanted.address === undefined ? [] : await listLeases(db);
  const shared = network.lan !== undefined;
  const near = held.filter((one) => (shared || one.host === request.candidate.host) && one.network === network.name);
  const holder = near.find(({ address }) => address === wanted.address)?.workload;
  const candidates = candidatesFor(wanted, network, new Set(near.flatMap(({ address }) => address ?? [])), position);
  const mac = wanted.mac ?? randomMac();
  const address6 = network.prefix6 === undefined ? undefined : address6Of(network.prefix6, mac);
  try {
    const { workloadId, candidate } = request;
    const row = await claimNetwork(db, {
      workloadId,
      position,
      host: candidate.host,
      network: network.name,
      mac,
      shared,
      address6,
      candidates,
    });
    if (row === undefined) {
      throw new InnkeeperError(
        'conflict',
        wanted.address === undefined
          ? `The network ${network.name} has no free address`
          : `networks[${position}].address: ${wanted.address} is held by the workload ${holder ?? 'that was faster'}`,
      );
    }
    return claimOf(row, network);
  } catch (error) {
    if (isDuplicate(error, 'network_claims_mac_unique')) {
      throw new InnkeeperError('conflict', `The MAC address ${wanted.mac ?? ''} is held by another workload`, {
        cause: error,
      });
    }
    throw error;
  }
};

const tooLate = (request: ClaimRequest, what: string): InnkeeperError =>
  new InnkeeperError(
    'transient',
    `${request.candidate.host} has no longer ${what} for ${request.name}: another workload was faster`,
  );

const claimRoom = async (db: Db, request: ClaimRequest): Promise<void> => {
  const { workloadId, spec, candidate, foreign } = request;
  const { cpus, memoryBytes } = spec;
  const diskBytes = diskAsked(spec);
  if (!(await claimCapacity(db, { workloadId, host: candidate.host, cpus, memoryBytes, diskBytes, foreign })))
    throw tooLate(request, 'room');
};

const claimAllDevices = async (db: Db, request: ClaimRequest): Promise<void> => {
  const { workloadId, spec, candidate, foreignHolds } = request;
  const given = (device: DeviceReport, all: readonly DeviceReport[]): boolean =>
    !isForeignHeld(device, all, foreignHolds);
  if (!(await claimDevices(db, { workloadId, host: candidate.host }, spec.devices, given)))
    throw tooLate(request, `${spec.devices.map(({ text }) => text).join(', ')} free`);
};

/**
 * Makes what a workload publishes what its specification says; answers whether that is another than before. Throws
 * `conflict` for a port that another workload holds, and for an interface whose address nobody knows.
 */
export const claimPublished = async (
  db: Db,
  {
    workloadId,
    candidate,
    spec,
  }: Pick<ClaimRequest, 'workloadId' | 'candidate'> & {
    readonly spec: Pick<CompleteSpec, 'networks'>;
  },
  networks: readonly NetworkClaim[],
): Promise<boolean> => {
  const wanted = publicationsOf(spec.networks).map(({ position, ...port }) => {
    const claim = networks[position];
    if (claim?.address === undefined || claim.address.unserved === true)
      throw new InnkeeperError(
        'conflict',
        `networks[${position}].ports: ${portText(port)} cannot lead to the network ${claim?.network ?? ''}, which gives its addresses itself`,
        { hint: 'publish on an interface of a network behind the host, such as default' },
      );
    return { ...port, mac: claim.mac };
  });
  const held = await claimPorts(db, { workloadId, host: candidate.host }, wanted);
  if ('taken' in held)
    throw new InnkeeperError('conflict', `${portText(held.taken)} of ${candidate.host} is held by ${held.by}`);
  return held.changed;
};

/**
 * Takes capacity, ids and addresses in one transaction; the workload must hold nothing yet. Throws `conflict` naming
 * what somebody else holds. None waits for another: what one of them took is given back when another fails.
 */
export const claimAll = async (db: Db, request: ClaimRequest): Promise<GuestClaims> => {
  const { workloadId, spec, machine } = request;
  const foreignRanges = request.guests
    .filter(({ uuid }) => uuid !== workloadId)
    .flatMap(({ observation, lost }) =>
      lost === true || observation.ownership?.claims.uidStart === undefined ? observation.idRanges : [],
    );
  const [, , uidStart, networks] = await allOf([
    claimRoom(db, request),
    claimAllDevices(db, request),
    claimUidRange(db, workloadId, [...machine.reservedIds, ...foreignRanges]),
    allOf(spec.networks.map((wanted, position) => claimOneNetwork(db, request, wanted, position))),
  ]);
  await claimPublished(db, request, networks);
  return { uidStart, networks };
};
