import { z } from 'zod';

export const families = ['linux', 'windows', 'bsd', 'other'] as const;
export type Family = (typeof families)[number];

/** How an image comes to be on a host. */
export type ImageSource =
  /** Built from a Debian archive by mmdebstrap: a root file system, from which a disk is made when one is needed. */
  | { readonly kind: 'mmdebstrap'; readonly suite: string; readonly components: string }
  /** No medium: a guest begins with an empty disk, and its installation is the user's. */
  | { readonly kind: 'blank' }
  /** None: what the guest stands on was there before Innkeeper. */
  | { readonly kind: 'adopted' };

export interface ImageDefinition {
  readonly name: string;
  readonly family: Family;
  readonly title: string;
  readonly source: ImageSource;
  /** What guests can stand on: a directory tree (containers), a disk (virtual machines). */
  readonly variants: readonly ('rootfs' | 'disk')[];
  /** What a workload gets when its manifest does not say. */
  readonly defaults: { readonly cpus: number; readonly memory: string; readonly disk: string };
  readonly firmware: 'bios' | 'uefi-secure-boot';
  readonly tpm: boolean;
}

const debian = (version: string, suite: string): ImageDefinition => ({
  name: `debian/${version}`,
  family: 'linux',
  title: `Debian ${version} (${suite})`,
  source: { kind: 'mmdebstrap', suite, components: 'main' },
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

const definitions: readonly ImageDefinition[] = [debian('12', 'bookworm'), debian('13', 'trixie'), windows('11')];

const byName = new Map([...definitions, adopted].map((image) => [image.name, image]));

/** Those that guests can be made from. */
export const knownImages = (): readonly ImageDefinition[] => definitions;

export const findImage = (name: string): ImageDefinition | undefined => byName.get(name);

export const imageField = z.string().refine((name) => byName.has(name), {
  error: (issue) =>
    `there is no image "${String(issue.input).slice(0, 80)}"; known are ${definitions.map(({ name }) => name).join(', ')}`,
});
