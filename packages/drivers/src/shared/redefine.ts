import { type GuestPlan, ownershipOf, type Reconfigured } from '@innkeeper/driver-contract';
import {
  buildXml,
  canonicalXml,
  type DomainDescription,
  describeDomain,
  isElement,
  type Libvirt,
  parseXml,
  type XmlNode,
} from '@innkeeper/libvirt';
import type { Definition } from './definition.ts';
import { stateOf } from './lifecycle.ts';
import { bareMetadata, metadataKey, metadataUri } from './metadata.ts';
import { differingFields, type TunedField } from './pending.ts';

/**
 * Gives a running guest what its new definition says, where the backend can. Called before the definition is changed, and
 * throws before it has changed anything when the guest cannot be given it.
 */
export type ChangeLive = (live: DomainDescription, wanted: DomainDescription) => Promise<void>;

const read = async (libvirt: Libvirt, uuid: string, inactive: boolean): Promise<string | undefined> =>
  (await libvirt.xml([uuid], { inactive })).get(uuid);

const changeRunning = async (libvirt: Libvirt, plan: GuestPlan, xml: string, change: ChangeLive): Promise<void> => {
  const live = await read(libvirt, plan.uuid, false);
  if (live !== undefined) await change(describeDomain(live), describeDomain(xml));
  await libvirt.define(xml);
  const metadata = {
    uri: metadataUri,
    key: metadataKey,
    xml: buildXml(bareMetadata(ownershipOf(plan.definition as unknown as Definition))),
  };
  await libvirt.setMetadata(plan.uuid, metadata, 'live');
};

/** Gives a guest its new definition, and one that runs what of it can be given now. The metadata acts at once. */
export const redefine = async (
  libvirt: Libvirt,
  plan: GuestPlan,
  xml: string,
  change: ChangeLive,
): Promise<Reconfigured> => {
  const before = await read(libvirt, plan.uuid, true);
  const state = await stateOf(libvirt, plan.uuid);
  const runs = state === 'running' || state === 'paused';
  if (runs) await changeRunning(libvirt, plan, xml, change);
  else await libvirt.define(xml);
  const [after, live] = [await read(libvirt, plan.uuid, true), await read(libvirt, plan.uuid, false)];
  if (before === undefined || after === undefined || live === undefined) return {};
  const pending = runs ? differingFields(describeDomain(live), describeDomain(after)) : [];
  const changed = new Set<TunedField>([...differingFields(describeDomain(before), describeDomain(after)), ...pending]);
  return {
    ...Object.fromEntries([...changed].map((field) => [field, pending.includes(field) ? 'needs-restart' : 'applied'])),
    ...(sameBesides(before, after) ? {} : { definition: runs ? 'needs-restart' : 'applied' }),
  };
};

/** What libvirt adds and takes away by itself (the partition of a container that runs), and what has a field of its own. */
const lookedAtElsewhere = ['metadata', 'resource', 'memory', 'currentMemory', 'memtune', 'vcpu', 'vcpus', 'cputune'];

/** What a guest starts from, with the devices in one order, since libvirt moves controllers about. */
const comparable = (xml: string): string => {
  const { root } = parseXml(canonicalXml(xml));
  const children = root.children.flatMap((node): XmlNode[] => {
    if (!isElement(node) || lookedAtElsewhere.includes(node.name)) return [];
    if (node.name !== 'devices') return [node];
    const devices = node.children.filter(isElement).map((one) => [buildXml(one), one] as const);
    return [{ ...node, children: devices.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one) }];
  });
  return buildXml({ ...root, children });
};

const sameBesides = (before: string, after: string): boolean => comparable(before) === comparable(after);
