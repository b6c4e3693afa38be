import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { checkDiskHead } from './disk-header.ts';
import { kindOfFile, variantOf } from './kind.ts';

const head = (at: number, ...bytes: number[]): Uint8Array => {
  const all = new Uint8Array(1024);
  all.set(bytes, at);
  return all;
};

describe('what a file is', () => {
  it.each([
    ['gzip', head(0, 0x1f, 0x8b)],
    ['xz', head(0, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
    ['zstd', head(0, 0x28, 0xb5, 0x2f, 0xfd)],
    ['tar', head(257, ...Buffer.from('ustar'))],
    ['squashfs', head(0, ...Buffer.from('hsqs'))],
  ] as const)('is told by its bytes: %s', (kind, bytes) => {
    expect(kindOfFile(bytes)).toBe(kind);
    expect(variantOf(kind)).toBe('rootfs');
  });

  it.each([
    ['qcow2', head(0, ...Buffer.from('QFI\xfb', 'latin1'))],
    ['vmdk', head(0, ...Buffer.from('KDMV'))],
    ['raw', head(510, 0x55, 0xaa)],
  ] as const)('is told by its bytes: %s', (kind, bytes) => {
    expect(kindOfFile(bytes)).toBe(kind);
    expect(variantOf(kind)).toBe('disk');
  });

  it.each([['root:x:0:0:root:/root:/bin/bash\n'], ['']])('is not known: %j', (text) =>
    expect(kindOfFile(Buffer.from(text))).toBe('unknown'),
  );
});

describe('the head of a disk', () => {
  const qcow2 = (change: (bytes: Buffer) => void = () => undefined): Buffer => {
    const bytes = Buffer.alloc(112);
    bytes.write('QFI\xfb', 'latin1');
    bytes.writeUInt32BE(3, 4);
    change(bytes);
    return bytes;
  };

  it('of a qcow2 of its own is taken', () => expect(() => checkDiskHead('qcow2', qcow2())).not.toThrow());

  it.each([
    ['a backing file', (bytes: Buffer) => void bytes.writeBigUInt64BE(112n, 8)],
    ['the length of a backing file', (bytes: Buffer) => void bytes.writeUInt32BE(11, 16)],
    ['encryption', (bytes: Buffer) => void bytes.writeUInt32BE(2, 32)],
    ['an external data file', (bytes: Buffer) => void bytes.writeBigUInt64BE(4n, 72)],
    ['an external data file among other features', (bytes: Buffer) => void bytes.writeBigUInt64BE(0x1fn, 72)],
    ['a version that is not known', (bytes: Buffer) => void bytes.writeUInt32BE(4, 4)],
  ])('of a qcow2 with %s is refused', (_, change) =>
    expect(() => checkDiskHead('qcow2', qcow2(change))).toThrow(/^source: the qcow2 (has|is)/),
  );

  property.prop([fc.uint8Array({ maxLength: 2048 }), fc.constantFrom('qcow2', 'vmdk')])(
    'of anything at all is taken or refused, and nothing else happens',
    (bytes, kind) => {
      try {
        checkDiskHead(kind as 'qcow2' | 'vmdk', Buffer.from(bytes));
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid' });
      }
    },
  );
});
