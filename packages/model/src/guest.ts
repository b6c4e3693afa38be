import { z } from 'zod';
import { workloadSpec } from './workload/index.ts';

export const guestStates = ['running', 'paused', 'stopped', 'other'] as const;
export type GuestState = (typeof guestStates)[number];

/** What a managed guest carries in its metadata, so that either side can be rebuilt from the other. */
export const ownership = z.object({
  /** Which installation of Innkeeper it belongs to: another one's guests are foreign. */
  installation: z.uuid(),
  workloadId: z.uuid(),
  generation: z.int(),
  spec: workloadSpec,
  claims: z.object({
    uidStart: z.int().optional(),
    networks: z.array(
      z.object({
        network: z.string(),
        mac: z.string(),
        address: z.string().optional(),
        address6: z.string().optional(),
      }),
    ),
  }),
  /** What the workload is called, where its guest has another name: one that was adopted. */
  name: z.string().optional(),
  /** The guest that it was made from, which is kept until the conversion is confirmed. */
  convertedFrom: z.object({ driver: z.string(), uuid: z.string(), name: z.string() }).optional(),
  /** Of a guest that was there before: only whose it is has changed, and it can be given back. */
  adopted: z
    .object({
      /** Whether the backend started it at boot by itself, which is Innkeeper's now. */
      tookAutostart: z.boolean(),
    })
    .optional(),
});
export type Ownership = z.output<typeof ownership>;

/**
 * `pci`: address `0000:01:00.0`. `usb`: address `bus:device`, id vendor:product. `net`: the interface's name.
 * `node`: path of a device node. `other`: what nothing else is said of.
 */
export const heldDeviceKinds = ['pci', 'usb', 'net', 'node', 'other'] as const;

/** Something of the host that a guest is given, as its definition says. */
export const heldDevice = z
  .object({
    kind: z.enum(heldDeviceKinds),
    address: z.string().optional(),
    /** vendor:product, four hexadecimal digits each. */
    id: z.string().optional(),
    /** For people: `PCI device 0000:01:00.0`. */
    text: z.string(),
  })
  .meta({ id: 'HeldDevice' });
export type HeldDevice = z.output<typeof heldDevice>;

/** A disk of a machine or a directory that a container is given, and where it is on the host. */
export const guestDisk = z
  .object({
    /** In the guest: `vda`, or a folder of a container. */
    target: z.string(),
    /** A path of the host, or what stands for one: `pool/volume`, `rbd:pool/image`. */
    source: z.string(),
    readonly: z.boolean(),
  })
  .meta({ id: 'GuestDisk' });
export type GuestDisk = z.output<typeof guestDisk>;

/** One guest as a driver sees it; foreign ones too. Sizes in bytes. */
export const guestObservation = z.object({
  driver: z.string(),
  uuid: z.string(),
  name: z.string(),
  state: z.enum(guestStates),
  ownership: ownership.optional(),
  /** A container's share of time may be a fraction. */
  cpus: z.number(),
  memoryBytes: z.int(),
  addresses: z.array(z.string()),
  macs: z.array(z.string()),
  /** What it seems to be, for guests that nobody described. */
  imageGuess: z.string().optional(),
  /** Set while it runs: milliseconds since 1970. */
  startedAtMs: z.number().optional(),
  graphics: z.string().optional(),
  /** Fields in which its definition differs from how it runs: they act from its next start on. */
  needsRestart: z.array(z.string()).optional(),
  /** Whether the host starts it by itself when it boots. */
  autostart: z.boolean().optional(),
  /** Whether its definition stays when it stops. */
  persistent: z.boolean().optional(),
  disks: z.array(guestDisk).optional(),
  /** What of the host it is given by its definition, held while it runs. */
  devices: z.array(heldDevice).optional(),
  /** Of a guest of ours: what its definition says, where that is not what Innkeeper wrote there. */
  edited: z.object({ cpus: z.number().optional(), memoryBytes: z.number().optional() }).optional(),
  /** Host ids that a container's users have. */
  idRanges: z.array(z.object({ start: z.int(), count: z.int() })),
});
export type GuestObservation = z.output<typeof guestObservation>;

export const endingKinds = ['clean', 'failed', 'destroyed', 'unknown'] as const;

/**
 * How a guest that does not run came to its end, as far as its backend tells. `clean`: it shut down; `failed`: it crashed
 * or was killed; `destroyed`: its plug was pulled through the backend's own tools.
 */
export const guestEnding = z.object({
  kind: z.enum(endingKinds),
  /** The backend's own word for it. */
  text: z.string(),
});
export type GuestEnding = z.output<typeof guestEnding>;

/** Percent of the last ten seconds in which something of the guest waited for it (the kernel's PSI, "some"). */
const pressure = z.object({
  cpu: z.number().optional(),
  memory: z.number().optional(),
  io: z.number().optional(),
});

/**
 * What a guest costs now. A figure that a backend does not have is missing, never zero. Bytes and seconds that only grow
 * are counted since the guest's start: two readings make a rate.
 */
export const guestStats = z
  .object({
    /** When it was read: milliseconds since 1970. */
    atMs: z.number().optional(),
    /** Without what the kernel would give back at once. */
    memoryBytes: z.number().optional(),
    /** Files that the kernel keeps in memory for it. */
    memoryCacheBytes: z.number().optional(),
    cpuSeconds: z.number().optional(),
    /** Of its own on the host's disk, without the shared image. Looked at once a minute. */
    ownDiskBytes: z.number().optional(),
    /** How much of that its snapshots, or clones, have as well; missing where the file system does not tell. */
    sharedDiskBytes: z.number().optional(),
    diskReadBytes: z.number().optional(),
    diskWrittenBytes: z.number().optional(),
    receivedBytes: z.number().optional(),
    sentBytes: z.number().optional(),
    processes: z.number().optional(),
    pressure: pressure.optional(),
  })
  .meta({ id: 'GuestStats' });
export type GuestStats = z.output<typeof guestStats>;
