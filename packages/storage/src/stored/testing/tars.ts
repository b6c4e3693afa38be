import { gzipSync } from 'node:zlib';

/** A member of an archive that a test makes byte by byte: tar(1) would not write most of these. */
export interface TestMember {
  readonly name: string;
  /** 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 folder. */
  readonly type?: string;
  readonly link?: string;
  readonly content?: Buffer;
  readonly mode?: number;
}

const block = 512;

const header = ({ name, type = '0', link = '', content, mode = 0o755 }: TestMember): Buffer => {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, length: number): string => value.toString(8).padStart(length - 1, '0');
  bytes.write(name, 0, 100, 'latin1');
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(content?.length ?? 0, 12), 124);
  bytes.write(octal(1_700_000_000, 12), 136);
  bytes.fill(' ', 148, 156);
  bytes.write(type, 156);
  bytes.write(link, 157, 100, 'latin1');
  bytes.write('ustar\0', 257);
  bytes.write('00', 263);
  bytes.write(octal(1, 8), 329);
  bytes.write(octal(3, 8), 337);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
};

export const tarOf = (members: readonly TestMember[]): Buffer =>
  Buffer.concat([
    ...members.flatMap((member) => {
      const content = member.content ?? Buffer.alloc(0);
      return [header(member), content, Buffer.alloc((block - (content.length % block)) % block)];
    }),
    Buffer.alloc(2 * block),
  ]);

/** As little as is a root file system. */
export const smallTree: readonly TestMember[] = [
  { name: './', type: '5' },
  { name: './sbin/', type: '5' },
  { name: './sbin/init', content: Buffer.from('#!/bin/sh\n') },
  { name: './bin/', type: '5' },
  { name: './bin/su', content: Buffer.from('su\n'), mode: 0o4755 },
  { name: './etc/', type: '5' },
  { name: './etc/os-release', content: Buffer.from('ID=test\n') },
];

/** A gibibyte of nothing, in a mebibyte. */
export const bomb = (mebibytes: number): Buffer =>
  gzipSync(tarOf([...smallTree, { name: './zeros', content: Buffer.alloc(mebibytes * 2 ** 20) }]));
