import { z } from 'zod';

export const families = ['linux', 'windows', 'bsd', 'other'] as const;
export type Family = (typeof families)[number];

export type Distribution = 'debian' | 'ubuntu';

/** How an image comes to be on a host. */
export type ImageSource =
  /** Built from a distribution's archive by mmdebstrap: a root file system, from which a disk is made when one is needed. */
  | {
      readonly kind: 'mmdebstrap';
      readonly distribution: Distribution;
      readonly suite: string;
      readonly components: string;
    }
  /** No medium: a guest begins with an empty disk, and its installation is the user's. */
  | { readonly kind: 'blank' }
  /** Imported or pulled by somebody: hosts keep it in their stores, and say which of them has it in which variant. */
  | { readonly kind: 'stored' }
  /** None: what the guest stands on was there before Innkeeper. */
  | { readonly kind: 'adopted' };

/** What guests can stand on: a directory tree (containers), a disk (virtual machines). */
export const imageVariants = ['rootfs', 'disk'] as const;
export type ImageVariant = (typeof imageVariants)[number];

export interface ImageDefinition {
  readonly name: string;
  readonly family: Family;
  readonly title: string;
  readonly source: ImageSource;
  /** Of one that is stored both: what a host has of it is the host's to say. */
  readonly variants: readonly ImageVariant[];
  /** What a workload gets when its manifest does not say. */
  readonly defaults: { readonly cpus: number; readonly memory: string; readonly disk: string };
  readonly firmware: 'bios' | 'uefi-secure-boot';
  readonly tpm: boolean;
}

const components: Readonly<Record<Distribution, string>> = { debian: 'main', ubuntu: 'main universe' };

const built = (distribution: Distribution, version: string, suite: string): ImageDefinition => ({
  name: `${distribution}/${version}`,
  family: 'linux',
  title: `${distribution === 'debian' ? 'Debian' : 'Ubuntu'} ${version} (${suite})`,
  source: { kind: 'mmdebstrap', distribution, suite, components: components[distribution] },
  variants: ['rootfs', 'disk'],
  defaults: { cpus: 1, memory: '512MiB', disk: '10GiB' },
  firmware: 'bios',
  tpm: false,
});

/** Windows 11's own minimum: 2 cores, 4 GiB, 64 GiB, UEFI with Secure Boot, TPM 2.0 (learn.microsoft.com, "Windows 11 requirements"). */
const windows = (version: string): ImageDefinition => ({
  name: `windows/${version}`,
  family: 'windows',
  title: `Windows ${version}, installed by you from your own medium`,
  source: { kind: 'blank' },
  variants: ['disk'],
  defaults: { cpus: 2, memory: '4GiB', disk: '64GiB' },
  firmware: 'uefi-secure-boot',
  tpm: true,
});

/** What stands for an image in the specification of an adopted guest. Nothing can be made from it. */
export const adoptedImage = 'adopted';

const adopted: ImageDefinition = {
  name: adoptedImage,
  family: 'other',
  title: 'A guest that was there before',
  source: { kind: 'adopted' },
  variants: [],
  defaults: { cpus: 1, memory: '512MiB', disk: '64MiB' },
  firmware: 'bios',
  tpm: false,
};

const definitions: readonly ImageDefinition[] = [
  built('debian', '12', 'bookworm'),
  built('debian', '13', 'trixie'),
  built('ubuntu', '24.04', 'noble'),
  windows('11'),
];

const byName = new Map([...definitions, adopted].map((image) => [image.name, image]));

/** Those that guests can be made from. */
export const knownImages = (): readonly ImageDefinition[] => definitions;

/** Names that begin with these are those of images that come with Innkeeper, also of later versions. */
export const reservedFamilies = ['debian', 'ubuntu', 'windows'] as const;

const longestName = 100;
const part = '[a-z0-9](?:[a-z0-9.+-]*[a-z0-9])?';
const storedName = new RegExp(`^${part}(?:/${part}){0,3}$`);
const isReserved = (name: string): boolean =>
  byName.has(name) || reservedFamilies.some((family) => name === family || name.startsWith(`${family}/`));
const isStoredName = (name: string): boolean =>
  name.length <= longestName && storedName.test(name) && !name.includes('..') && !isReserved(name);

const stored = (name: string): ImageDefinition => ({
  name,
  family: 'linux',
  title: 'imported',
  source: { kind: 'stored' },
  variants: imageVariants,
  defaults: { cpus: 1, memory: '512MiB', disk: '10GiB' },
  firmware: 'bios',
  tpm: false,
});

/**
 * The image of a name; undefined for one that none can have. Any name that is free for imported images gives one, whether or
 * not somebody has imported it: which there are is known to hosts, and a manifest can be read without asking them.
 */
export const findImage = (name: string): ImageDefinition | undefined =>
  byName.get(name) ?? (isStoredName(name) ? stored(name) : undefined);

const known = (): string => definitions.map(({ name }) => name).join(', ');

export const imageField = z.string().refine((name) => findImage(name) !== undefined, {
  error: (issue) => `there is no image "${String(issue.input).slice(0, 80)}"; known are ${known()}`,
});

const storedNameProblem = (name: string): string =>
  isReserved(name)
    ? `"${name.slice(0, 80)}" is kept for images that come with Innkeeper, as is all that begins with ${reservedFamilies.map((family) => `${family}/`).join(', ')}; choose another name, such as my-${name.slice(0, 60).replaceAll('/', '-')}`
    : `"${name.slice(0, 80)}" cannot be the name of an image: use up to ${longestName} lower-case letters, digits, dots, plus signs and hyphens, in up to four parts with slashes between, such as alpine/3.20`;

/** The name of an image that somebody imports. */
export const storedImageName = z
  .string()
  .refine(isStoredName, { error: (issue) => storedNameProblem(String(issue.input)) });
