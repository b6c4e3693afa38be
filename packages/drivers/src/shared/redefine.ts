import { type GuestPlan, ownershipOf } from '@innkeeper/driver-contract';
import { buildXml, canonicalXml, type Libvirt, updateDomain } from '@innkeeper/libvirt';
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

const withoutMetadata = (xml: string): string =>
  canonicalXml(updateDomain(xml, [{ path: ['metadata'], element: undefined }]));

const sameButMetadata = (before: string, after: string): boolean => withoutMetadata(before) === withoutMetadata(after);
