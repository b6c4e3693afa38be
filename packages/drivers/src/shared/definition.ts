import { type GuestOrder, ownershipOf } from '@innkeeper/driver-contract';
import { el, type XmlElement } from '@innkeeper/libvirt';
import { metadataElement } from './metadata.ts';

/** What an operation journals of an order: all but the report, which the plan has used up. */
export type Definition = Omit<GuestOrder, 'report'> & {
  readonly acceleration?: 'kvm' | 'tcg' | 'unproven';
  /** Missing in what was journaled before there were any. */
  readonly shares?: number;
  /** A container's; missing where AppArmor does not run. */
  readonly confined?: boolean;
};

/** The head that definitions of both backends share. */
export const commonElements = (definition: Definition): XmlElement[] => {
  const kib = Math.floor(definition.spec.memoryBytes / 1024);
  return [
    el('name', {}, definition.name),
    el('uuid', {}, definition.uuid),
    el('metadata', {}, metadataElement(ownershipOf(definition))),
    el('memory', { unit: 'KiB' }, kib),
    el('currentMemory', { unit: 'KiB' }, kib),
  ];
};
