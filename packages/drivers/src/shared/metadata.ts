import { el, parseXml, textOf, type XmlElement } from '@innkeeper/libvirt';
import { type Ownership, ownership } from '@innkeeper/model';

/** The namespace of our element in a domain's `<metadata>`; part of what other programs may read. */
export const metadataUri = 'urn:innkeeper:workload:1';
export const metadataKey = 'innkeeper';

/** As it stands in a domain's XML. */
export const metadataElement = (owned: Ownership): XmlElement =>
  el(
    'innkeeper:workload',
    { 'xmlns:innkeeper': metadataUri, id: owned.workloadId, generation: owned.generation },
    JSON.stringify(owned),
  );

/** As `virsh metadata` takes it, which adds prefix and namespace itself. */
export const bareMetadata = (owned: Ownership): XmlElement =>
  el('workload', { id: owned.workloadId, generation: owned.generation }, JSON.stringify(owned));

/** Undefined for a guest that carries none of ours, or one that does not make sense: both are foreign. */
export const readOwnership = (metadata: ReadonlyMap<string, string>): Ownership | undefined => {
  const xml = metadata.get(metadataUri);
  if (xml === undefined) return undefined;
  try {
    const parsed = ownership.safeParse(JSON.parse(textOf(parseXml(xml).root) ?? ''));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};
