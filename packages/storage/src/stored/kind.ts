import type { ImageVariant } from '@innkeeper/model';

/** What a file is, told by its own bytes and never by its name: a name is whatever its sender likes. */
export type FileKind = 'tar' | 'gzip' | 'xz' | 'zstd' | 'squashfs' | 'qcow2' | 'vmdk' | 'vmdk-text' | 'raw' | 'unknown';

/** As many bytes of the beginning as {@link kindOfFile} looks at. */
export const headBytes = 1024;

const startsWith = (head: Uint8Array, signature: readonly number[], at = 0): boolean =>
  signature.every((byte, index) => head[at + index] === byte);
const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

/** Signatures: RFC 1952; xz-file-format 1.1; RFC 8878; POSIX ustar; squashfs 4.0; QEMU's docs/interop/qcow2; VMware's Virtual Disk Format 5.0. */
const signatures: readonly (readonly [FileKind, readonly number[], number?])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['squashfs', letters('hsqs')],
  ['qcow2', [...letters('QFI'), 0xfb]],
  ['vmdk', letters('KDMV')],
  ['vmdk-text', letters('# Disk DescriptorFile')],
  ['tar', letters('ustar'), 257],
  // A disk that a BIOS or UEFI starts from has it, with MBR and with GPT; any other file would be taken for an empty disk.
  ['raw', [0x55, 0xaa], 510],
];

export const kindOfFile = (head: Uint8Array): FileKind =>
  signatures.find(([, signature, at]) => startsWith(head, signature, at))?.[0] ?? 'unknown';

export const variantOf = (kind: FileKind): ImageVariant | undefined => {
  switch (kind) {
    case 'tar':
    case 'gzip':
    case 'xz':
    case 'zstd':
    case 'squashfs':
      return 'rootfs';
    case 'qcow2':
    case 'vmdk':
    case 'vmdk-text':
    case 'raw':
      return 'disk';
    case 'unknown':
      return undefined;
  }
};
