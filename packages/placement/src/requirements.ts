import type { CapabilityName, CompleteSpec, Requirement } from '@innkeeper/model';

/** A requirement that a driver's capability has to meet. Derived from the specification, never configured. */
export interface CapabilityRequirement extends Requirement {
  readonly capability: CapabilityName;
  /** The capability's value must be, or hold, this. */
  readonly wanted: true | string;
}

/** What a specification cannot do without, whoever asks and whatever the rules say. */
export const requirementsOf = (spec: CompleteSpec): CapabilityRequirement[] => {
  const { image } = spec;
  const found: CapabilityRequirement[] = [
    {
      id: 'guest-os',
      text: `${image.name} is a ${image.family === 'windows' ? 'Windows' : 'Linux'} guest`,
      capability: 'guest.os',
      wanted: image.family,
    },
  ];
  if (spec.isolation === 'strong') {
    found.push({
      id: 'own-kernel',
      text: 'isolation: strong asks for a kernel of its own',
      capability: 'kernel.own',
      wanted: true,
    });
  }
  if (image.firmware === 'uefi-secure-boot') {
    found.push({
      id: 'secure-boot',
      text: `${image.name} needs UEFI with Secure Boot`,
      capability: 'firmware.secure-boot',
      wanted: true,
    });
  }
  if (image.tpm) {
    found.push({ id: 'tpm', text: `${image.name} needs a TPM 2.0`, capability: 'tpm', wanted: true });
  }
  return found;
};
