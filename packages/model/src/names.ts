import { z } from 'zod';

/**
 * A name serves as a libvirt domain name, a directory, a host name inside the guest and an element of a URL,
 * so it is a DNS label (RFC 1123). libvirt itself refuses `/` and Linux interface names are made from a hash.
 */
export const namePattern = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const nameProblem = (name: string): string =>
  `"${name.slice(0, 80)}" cannot be a name: use 1 to 63 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`;

export const nameField = z
  .string()
  .refine((name) => namePattern.test(name), { error: (issue) => nameProblem(String(issue.input)) });
