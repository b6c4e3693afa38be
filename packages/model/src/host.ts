import { z } from 'zod';
import { backends } from './backend.ts';
import { deviceReport, deviceView } from './devices.ts';
import { nameField } from './names.ts';
import { networkModes } from './network-modes.ts';
import { poolReport } from './pool.ts';
import { sizeField } from './units.ts';

/** A fact about what a driver can do on a host, with what it was concluded from. */
export const capability = z
  .object({
    value: z.union([z.boolean(), z.string(), z.array(z.string())]),
    evidence: z.string(),
    reasonIfAbsent: z.string().optional(),
  })
  .meta({ id: 'Capability' });
export type Capability = z.output<typeof capability>;

/**
 * What drivers may declare. The same table is read by placement, API, command and page.
 * `guest.os`: families. `kernel.own`: the guest brings its kernel. `acceleration`: kvm, tcg or unproven.
 * `files.stopped`: files are copied into and out of a guest that does not run.
 * `console.history`: what a guest printed on its console is there later, also when it does not run.
 * `confinement`: apparmor, missing or none; what keeps a guest from the host beside its namespaces.
 * `snapshots`: what a guest holds can be kept as it is, and gone back to.
 * `clone`: a guest can begin with a copy of what another one holds.
 * `backup`: what a guest holds can be sent elsewhere, and a guest can begin with it.
 * `convert.from`, `convert.to`: its containers can become, or be made from, those of another driver.
 * `pools`: its guests can stand in other places of a host than the state directory.
 * `start.by-others`: a guest of ours also runs when something else than Innkeeper starts it, after a reboot too.
 */
export const capabilityNames = [
  'guest.os',
  'kernel.own',
  'acceleration',
  'firmware.secure-boot',
  'tpm',
  'exec',
  'exec.stream',
  'exec.tty',
  'files.stopped',
  'screen',
  'console',
  'console.history',
  'adopt',
  'convert.from',
  'convert.to',
  'pause',
  'pools',
  'rename',
  'snapshots',
  'clone',
  'backup',
  'start.by-others',
  'confinement',
  'limits.cpu',
  'limits.memory',
  'limits.disk',
  'cpu.weight',
  'cpu.pinning',
  'memory.reserve',
  'device.pci',
  'device.usb',
  'device.render',
  'mount.host',
  'volumes',
  'nested',
  'privileged',
  'network.publish',
  'network.limits',
  'network.define',
  'cloud-init',
  'snapshots.schedule',
  'migrate.live',
  'failover',
  'replicate',
] as const;
export type CapabilityName = (typeof capabilityNames)[number];

/** A network of the host that guests can be attached to. */
export const networkReport = z
  .object({
    name: z.string(),
    /** Of libvirt; missing in reports of older versions. */
    uuid: z.string().optional(),
    active: z.boolean(),
    bridge: z.string().optional(),
    /** Missing for what no network of ours is, and in reports of older versions, as are the next two. */
    mode: z.enum(networkModes).optional(),
    /** Prefix of IPv6 addresses, such as `fd12:3456:789a:1::/64`. */
    ipv6: z.string().optional(),
    /** Of mode macvtap: the interface of the host that it shares. */
    link: z.string().optional(),
    /** The host's own address on it, which guests use as gateway and name server. */
    gateway: z.string().optional(),
    prefix: z.int().optional(),
    /** First and last address that may be given to guests. */
    range: z.object({ start: z.string(), end: z.string() }).optional(),
    /** What names of its guests end in, when its name server asks nobody else about these. */
    domain: z.string().optional(),
    /** Addresses that guests which are not ours hold or have reserved. */
    taken: z.array(z.string()),
  })
  .meta({ id: 'NetworkReport' });
export type NetworkReport = z.output<typeof networkReport>;

export const driverReport = z
  .object({
    driver: z.string(),
    backend: z.enum(backends),
    /** False for drivers that only show and adopt what is there. */
    placeable: z.boolean(),
    healthy: z.boolean(),
    /** True when what it drives is not on the host at all: nothing is shown of it then. */
    absent: z.boolean().optional(),
    reason: z.string().optional(),
    versions: z.record(z.string(), z.string()),
    capabilities: z.partialRecord(z.enum(capabilityNames), capability),
    networks: z.array(networkReport),
    images: z.array(z.string()),
    /** Where its guests can stand, the state directory first; missing where that is all, and in reports of older versions. */
    pools: z.array(poolReport).optional(),
    /** What it can give to guests; missing where it gives none. */
    devices: z.array(deviceReport).optional(),
  })
  .meta({ id: 'DriverReport' });
export type DriverReport = z.output<typeof driverReport>;

/** A port that a program of the host itself listens on. */
export const listener = z
  .object({
    protocol: z.enum(['tcp', 'udp']),
    port: z.int(),
    /** The IPv4 address it is bound to; missing when it listens on all. */
    address: z.string().optional(),
    program: z.string().optional(),
  })
  .meta({ id: 'Listener' });
export type Listener = z.output<typeof listener>;

export const machineReport = z
  .object({
    hostname: z.string(),
    arch: z.string(),
    kernel: z.string(),
    /** Changes with every boot (/proc/sys/kernel/random/boot_id). */
    bootId: z.string(),
    cpus: z.int(),
    memoryBytes: z.int(),
    diskFreeBytes: z.int(),
    diskTotalBytes: z.int(),
    /** Host ids that others use: /etc/subuid and /etc/subgid grants and foreign containers. */
    reservedIds: z.array(z.object({ start: z.int(), count: z.int() })),
    /** Missing in reports of older versions. */
    listening: z.array(listener).optional(),
    /** Bridges of the host, libvirt's and others; missing in reports of older versions. */
    bridges: z.array(z.string()).optional(),
    /** Interfaces that lead out of the host, which guests may share; missing in reports of older versions. */
    links: z.array(z.string()).optional(),
  })
  .meta({ id: 'MachineReport' });
export type MachineReport = z.output<typeof machineReport>;

/**
 * `quarantined`: it answers, and somebody has said that it was dead: what is there is shown and not started, until somebody
 * says that it is back.
 */
export const hostStates = ['up', 'suspect', 'unreachable', 'draining', 'quarantined'] as const;
export type HostState = (typeof hostStates)[number];

/**
 * How a host itself finds its guests by name: `resolved` by systemd-resolved where that runs, `hosts` by a block of lines in
 * its /etc/hosts, `off` not at all.
 */
export const guestNamesModes = ['resolved', 'hosts', 'off'] as const;
export type GuestNames = (typeof guestNamesModes)[number];

/** A host as API, command and page show it. Sizes in bytes. */
export const hostView = z
  .object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    state: z.enum(hostStates),
    labels: z.record(z.string(), z.string()),
    guestNames: z.enum(guestNamesModes),
    /** Why nothing new is placed on it, as its operator said. */
    maintenance: z.string().optional(),
    /** Since when it does not answer. */
    silentSince: z.iso.datetime().optional(),
    /** Grows each time that somebody says that it is dead. */
    epoch: z.int(),
    /** When and by whom it was said to be dead; nothing that is held for its guests is given away by that. */
    confirmedDead: z.object({ at: z.iso.datetime(), by: z.string() }).optional(),
    reportedAt: z.iso.datetime().optional(),
    machine: machineReport.optional(),
    drivers: z.array(driverReport),
    /** Names of the images that need no download or build here. */
    images: z.array(z.string()),
    /** What can be given to guests, and who holds it. */
    devices: z.array(deviceView),
    capacity: z.object({
      cpus: z.number(),
      memoryBytes: z.number(),
      diskBytes: z.number(),
      /** How many times its processors may be promised. */
      cpuRatio: z.number(),
      /** How many times its memory may be promised; containers and balloons share. */
      memoryRatio: z.number(),
      /** Kept for the host itself: never promised to guests. */
      reserved: z.object({ cpus: z.number(), memoryBytes: z.number() }),
      claimed: z.object({ cpus: z.number(), memoryBytes: z.number(), diskBytes: z.number() }),
      foreign: z.object({ cpus: z.number(), memoryBytes: z.number() }),
    }),
  })
  .meta({ id: 'Host' });
export type HostView = z.output<typeof hostView>;

/** A host to be managed from now on. */
export const newHost = z
  .strictObject({
    address: z.string().max(400).meta({ description: 'ssh://[user@]host[:port]; an alias of ~/.ssh/config will do' }),
    name: nameField.optional().meta({ description: 'Its own host name when left out' }),
    labels: z.record(z.string(), z.string().max(200)).optional(),
  })
  .meta({ id: 'NewHost' });
export type NewHost = z.output<typeof newHost>;

/** What of a host its operator sets; what is not given stays as it is. */
export const hostChange = z
  .strictObject({
    labels: z.record(z.string(), z.string().max(200).nullable()).optional().meta({ description: 'null removes one' }),
    draining: z.boolean().optional().meta({ description: 'true: nothing new is placed on it' }),
    maintenance: z
      .string()
      .max(200)
      .nullable()
      .optional()
      .meta({ description: 'Why nothing new is placed on it, for people; null takes it back' }),
    cpuRatio: z.number().min(0.1).max(64).optional(),
    memoryRatio: z.number().min(0.1).max(8).optional(),
    reservedCpus: z.number().min(0).max(512).optional(),
    reservedMemory: sizeField('0B', '16TiB', 'reservedMemory').optional(),
    guestNames: z
      .enum(guestNamesModes)
      .optional()
      .meta({ description: 'How the host itself finds guests by name: by systemd-resolved, by /etc/hosts, or not' }),
  })
  .meta({ id: 'HostChange' });
export type HostChange = z.output<typeof hostChange>;

/** Said by typing the host's name once more. */
export const confirmDead = z
  .strictObject({ name: z.string().max(100).meta({ description: 'The name of the host, once more' }) })
  .meta({ id: 'ConfirmDead' });

/** What stopping everything on a host would be. */
export const drainPlan = z
  .object({
    host: z.string(),
    /** Names of workloads that run there: all of one are stopped before the next, dependents first. */
    waves: z.array(z.array(z.string())),
    /** What stands in the way, as sentences. */
    obstacles: z.array(z.object({ workload: z.string(), text: z.string() })),
  })
  .meta({ id: 'DrainPlan' });
export type DrainPlan = z.output<typeof drainPlan>;
