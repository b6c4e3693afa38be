import {
  type Backend,
  type Candidate,
  type DriverReport,
  type HostDescription,
  parseSize,
  type WhatIf,
} from '@innkeeper/model';
import { assignDevices } from './checks/devices.ts';
import type { DeviceSnapshot, HostSnapshot, PlacementRequest, Snapshot } from './snapshot.ts';

const changeHost = (snapshot: Snapshot, name: string, change: (host: HostSnapshot) => HostSnapshot): Snapshot => ({
  ...snapshot,
  hosts: snapshot.hosts.map((host) => (host.name === name ? change(host) : host)),
});

const plus = (host: HostSnapshot, { spec }: PlacementRequest, sign: 1 | -1): HostSnapshot => ({
  ...host,
  claimed: {
    cpus: Math.max(0, host.claimed.cpus + sign * spec.cpus),
    memoryBytes: Math.max(0, host.claimed.memoryBytes + sign * spec.memoryBytes),
  },
});

/** Takes the devices that the check found free, each with all of its IOMMU group. */
const holdDevices = (host: HostSnapshot, request: PlacementRequest): HostSnapshot => {
  const given = [...assignDevices(host, request).values()];
  const isGiven = ({ key, group }: DeviceSnapshot): boolean =>
    given.some((device) => device.key === key || (group !== undefined && device.group === group));
  const hold = (device: DeviceSnapshot): DeviceSnapshot => ({
    ...device,
    state: 'claimed',
    holders: [...device.holders, request.name],
  });
  return { ...host, devices: host.devices.map((device) => (isGiven(device) ? hold(device) : device)) };
};

/** The snapshot as it would be with a workload at a place; it counts as running. */
export const withPlaced = (snapshot: Snapshot, request: PlacementRequest, { host, driver }: Candidate): Snapshot => {
  const { name, spec } = request;
  const changed = changeHost(snapshot, host, (one) => holdDevices(plus(one, request, 1), request));
  const placed = { name, host, driver, project: spec.project, labels: spec.labels, running: true };
  return { ...changed, workloads: [...changed.workloads.filter((one) => one.name !== name), placed] };
};

/** The snapshot as it would be without a workload that is at a place. */
export const withoutPlaced = (snapshot: Snapshot, request: PlacementRequest, { host }: Candidate): Snapshot => {
  const { name } = request;
  const freed = changeHost(snapshot, host, (one) => ({
    ...plus(one, request, -1),
    devices: one.devices.map((device) => {
      if (!device.holders.includes(name)) return device;
      const holders = device.holders.filter((holder) => holder !== name);
      const free = holders.length === 0 && device.state === 'claimed';
      return { ...device, holders, state: free ? 'free' : device.state };
    }),
  }));
  return { ...freed, workloads: freed.workloads.filter((one) => one.name !== name) };
};

const wellKnown: Readonly<Record<Backend, DriverReport['capabilities']>> = {
  lxc: {
    'guest.os': { value: ['linux'], evidence: 'assumed' },
    'kernel.own': { value: false, evidence: 'assumed', reasonIfAbsent: 'a container has no kernel of its own' },
  },
  kvm: {
    'guest.os': { value: ['linux', 'windows', 'bsd'], evidence: 'assumed' },
    'kernel.own': { value: true, evidence: 'assumed' },
    'firmware.secure-boot': { value: true, evidence: 'assumed' },
    tpm: { value: true, evidence: 'assumed' },
  },
};

const nothing = { cpus: 0, memoryBytes: 0 };

/** As some host reports it; without one, what every host of that kind can do. */
const assumedReport = (driver: Backend, { hosts }: Snapshot): DriverReport => {
  const known = hosts.flatMap((host) => host.drivers).find((one) => one.driver === driver && one.healthy);
  if (known !== undefined) return { ...known, versions: {} };
  return {
    driver,
    backend: driver,
    placeable: true,
    healthy: true,
    versions: {},
    networks: [{ name: 'default', active: true, taken: [] }],
    images: [],
    capabilities: wellKnown[driver],
  };
};

/** What is on a host that gets another size stays on it. */
const describedHost = (
  description: HostDescription,
  snapshot: Snapshot,
  replaced: HostSnapshot | undefined,
): HostSnapshot => ({
  name: description.name,
  state: 'up',
  labels: description.labels ?? {},
  reportAgeMs: 0,
  drivers: (description.drivers ?? (['lxc', 'kvm'] as const)).map((driver) => assumedReport(driver, snapshot)),
  images: description.images ?? [],
  cpus: description.cpus,
  memoryBytes: parseSize(description.memory) ?? 0,
  diskFreeBytes: parseSize(description.disk) ?? 0,
  cpuRatio: description.cpuRatio ?? 8,
  memoryRatio: description.memoryRatio ?? 1.5,
  reserved: replaced?.reserved ?? nothing,
  claimed: replaced?.claimed ?? nothing,
  foreign: replaced?.foreign ?? nothing,
  foreignNames: replaced?.foreignNames ?? {},
  devices: (description.devices ?? []).map((one) => {
    const holders = replaced?.devices.find(({ key }) => key === one.key)?.holders ?? [];
    return { ...one, state: one.state ?? (holders.length > 0 ? 'claimed' : 'free'), slots: one.slots ?? 1, holders };
  }),
});

/** The snapshot with some hosts gone, what is on them too, and others added or replaced. */
export const imagine = (snapshot: Snapshot, { withoutHosts = [], withHosts = [] }: WhatIf): Snapshot => {
  const gone = new Set([...withoutHosts, ...withHosts.map(({ name }) => name)]);
  return {
    ...snapshot,
    hosts: [
      ...snapshot.hosts.filter(({ name }) => !gone.has(name)),
      ...withHosts.map((description) =>
        describedHost(
          description,
          snapshot,
          snapshot.hosts.find(({ name }) => name === description.name && !withoutHosts.includes(name)),
        ),
      ),
    ],
    workloads: snapshot.workloads.filter(({ host }) => !withoutHosts.includes(host)),
  };
};
