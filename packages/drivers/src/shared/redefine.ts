import { type GuestPlan, ownershipOf } from '@innkeeper/driver-contract';
import { buildXml, canonicalXml, isElement, type Libvirt, parseXml, type XmlNode } from '@innkeeper/libvirt';
import type { Definition } from './definition.ts';
import { stateOf } from './lifecycle.ts';
import { bareMetadata, metadataKey, metadataUri } from './metadata.ts';

/** Gives a guest its new definition; what runs takes it at its next start, the metadata at once. */
export const redefine = async (
  libvirt: Libvirt,
  plan: GuestPlan,
  xml: string,
): Promise<'applied' | 'needs-restart'> => {
  const before = (await libvirt.xml([plan.uuid], { inactive: true })).get(plan.uuid);
  await libvirt.define(xml);
  if ((await stateOf(libvirt, plan.uuid)) !== 'running') return 'applied';
  const metadata = {
    uri: metadataUri,
    key: metadataKey,
    xml: buildXml(bareMetadata(ownershipOf(plan.definition as unknown as Definition))),
  };
  await libvirt.setMetadata(plan.uuid, metadata, 'live');
  const after = (await libvirt.xml([plan.uuid], { inactive: true })).get(plan.uuid);
  return before !== undefined && after !== undefined && sameButMetadata(before, after) ? 'applied' : 'needs-restart';
};

const ofLibvirt = ['metadata', 'resource'];

/**
 * What a guest starts from, in a form that can be compared: without what libvirt adds and takes away by itself (the
 * partition of a container that runs), and with the devices in one order, since it moves controllers about.
 */
const comparable = (xml: string): string => {
  const { root } = parseXml(canonicalXml(xml));
  const children = root.children.flatMap((node): XmlNode[] => {
    if (!isElement(node) || ofLibvirt.includes(node.name)) return [];
    if (node.name !== 'devices') return [node];
    const devices = node.children.filter(isElement).map((one) => [buildXml(one), one] as const);
    return [{ ...node, children: devices.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one) }];
  });
  return buildXml({ ...root, children });
};

const sameButMetadata = (before: string, after: string): boolean => comparable(before) === comparable(after);
