import { z } from 'zod';
import type { HeldDevice } from './guest.ts';

/**
 * Classes of device that workloads can ask for. `gpu`, `pci` and `usb` belong to one workload at a time;
 * a `render` node (/dev/dri/renderD*) is shared by several containers.
 */
export const deviceClasses = ['gpu', 'pci', 'usb', 'render'] as const;
export type DeviceClass = (typeof deviceClasses)[number];

/**
 * `free`: can be claimed. `claimed`: a workload holds it. `in-use`: something that is not ours uses it.
 * `needs-reset`: came back from a guest and has not been reset. `missing`: was there once. `host`: the host cannot do without it.
 */
export const deviceStates = ['free', 'claimed', 'in-use', 'needs-reset', 'missing', 'host'] as const;
export type DeviceState = (typeof deviceStates)[number];

/** A device as its host reports it. */
export const deviceReport = z
  .object({
    /** Stable across reboots and re-plugs on its host: `pci:0000:01:00.0`, `usb:serial:A1B2`. */
    key: z.string(),
    class: z.enum(deviceClasses),
    title: z.string(),
    vendor: z.string().optional(),
    /** vendor:product, four hexadecimal digits each. */
    id: z.string().optional(),
    serial: z.string().optional(),
    port: z.string().optional(),
    address: z.string().optional(),
    /** Devices of one IOMMU group can only be given away together. */
    group: z.string().optional(),
    label: z.string().optional(),
    /** How many workloads may hold it at once: 1 unless it is shared. */
    slots: z.int().min(1),
    state: z.enum(deviceStates),
  })
  .meta({ id: 'Device' });
export type DeviceReport = z.output<typeof deviceReport>;

/** A device of a host with the names of those that hold it; guests that are not ours too. */
export const deviceView = deviceReport
  .extend({ holders: z.array(z.string()) })
  .meta({ id: 'HeldHostDevice', description: 'A device of a host, and who holds it' });
export type DeviceView = z.output<typeof deviceView>;

const hexId = z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/, 'must be vendor:product, such as 8086:10d3');
const word = z.string().min(1).max(100);
const label = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be a label: lower-case letters, digits and . _ -');

const gpu = z.strictObject({
  vendor: word.optional(),
  id: hexId.optional(),
  label: label.optional(),
  shared: z.boolean().optional().meta({ description: 'true: a render node that several containers share' }),
});
const pci = z
  .strictObject({
    address: z
      .string()
      .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'must be a PCI address, such as 0000:01:00.0')
      .optional(),
    id: hexId.optional(),
    label: label.optional(),
  })
  .refine((one) => Object.keys(one).length > 0, 'say which: address, id or label');
const usb = z
  .strictObject({ serial: word.optional(), port: word.optional(), id: hexId.optional(), label: label.optional() })
  .refine((one) => Object.keys(one).length > 0, 'say which: serial, port, id or label');

/** One device that a workload asks for; `{ gpu: {} }` is any GPU. */
export const deviceField = z
  .union([z.strictObject({ gpu }), z.strictObject({ pci }), z.strictObject({ usb })], {
    error: 'must be one of { gpu: … }, { pci: … } and { usb: … }',
  })
  .meta({ id: 'DeviceRequest' });

export type DeviceField = z.output<typeof deviceField>;

/** What a device must be like, whatever the manifest called it. */
export interface DeviceRequest {
  readonly class: DeviceClass;
  readonly where: Readonly<Partial<Record<'vendor' | 'id' | 'serial' | 'port' | 'address' | 'label', string>>>;
  /** For people: `gpu (vendor nvidia)`. */
  readonly text: string;
}

const request = (kind: DeviceClass, given: Readonly<Record<string, string | boolean | undefined>>): DeviceRequest => {
  const where = Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const said = Object.entries(where).map(([key, value]) => `${key} ${value}`);
  const name = kind === 'render' ? 'shared gpu' : kind;
  return { class: kind, where, text: said.length === 0 ? name : `${name} (${said.join(', ')})` };
};

export const deviceRequestOf = (field: DeviceField): DeviceRequest => {
  if ('gpu' in field) return request(field.gpu.shared === true ? 'render' : 'gpu', field.gpu);
  if ('pci' in field) return request('pci', field.pci);
  return request('usb', field.usb);
};

/** A GPU is a PCI device as well, so a request for a PCI device may name one. */
export const deviceMatches = (device: DeviceReport, wanted: DeviceRequest): boolean =>
  (device.class === wanted.class || (wanted.class === 'pci' && device.class === 'gpu')) &&
  Object.entries(wanted.where).every(
    ([key, value]) => device[key as keyof DeviceRequest['where']]?.toLowerCase() === value.toLowerCase(),
  );

/**
 * Whether what a guest is given is this device. Two USB devices of one kind cannot be told apart by a definition that names
 * vendor and product: both count as held then.
 */
export const isSameDevice = (device: DeviceReport, held: HeldDevice): boolean => {
  if (held.kind === 'pci')
    return held.address !== undefined && (device.address === held.address || device.key === `pci:${held.address}`);
  if (held.kind !== 'usb' || device.class !== 'usb') return false;
  return (
    (held.id !== undefined && device.id === held.id) || (held.address !== undefined && device.address === held.address)
  );
};
