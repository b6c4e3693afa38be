import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseDiskPath } from './record.ts';
import { rawDisk, refusal, storePlace, work } from './testing/place.ts';

const place = storePlace('/tmp/innkeeper-test-images-disks');
const { paths, library, inputs, input, add, left } = place;

beforeAll(place.prepare);
afterAll(place.end);

const qemu = (...words: string[]): void => void execFileSync('qemu-img', words);

describe('a disk', () => {
  it.each(['qcow2', 'vmdk', 'raw'])('of format %s becomes a qcow2 of its own', async (format) => {
    const before = left();
    const raw = input('disk.raw', rawDisk(8));
    const file = `${inputs}/disk.${format}`;
    if (format !== 'raw') qemu('convert', '-q', '-f', 'raw', '-O', format, raw, file);
    const record = await add(file);
    expect(record.disk).toMatchObject({ virtualBytes: 8 * 2 ** 20 });
    const made = baseDiskPath(paths, record.disk?.sha256 ?? '');
    qemu('compare', '-q', '-f', 'raw', '-F', 'qcow2', raw, made);
    expect(lstatSync(made).mode & 0o777).toBe(0o644);
    await library.remove('test/one');
    expect(left()).toEqual(before);
  });

  const make =
    (...words: string[]) =>
    (file: string): void =>
      qemu('create', '-q', ...words, file, '16M');
  const cases: readonly [string, (file: string) => void, RegExp][] = [
    ['a backing file', make('-f', 'qcow2', '-u', '-b', '/etc/shadow', '-F', 'raw'), /has a backing file/],
    [
      'a data file',
      (file) => {
        qemu('create', '-q', '-f', 'qcow2', '-o', `data_file=${inputs}/data.raw`, file, '16M');
      },
      /has its data in another file/,
    ],
    ['extents elsewhere', make('-f', 'vmdk', '-o', 'subformat=monolithicFlat'), /description of other files/],
    [
      'a description of other files in a binary header',
      (file) => {
        const disk = Buffer.alloc(2048);
        disk.write('KDMV');
        disk.writeUInt32LE(1, 4);
        disk.writeBigUInt64LE(1n, 28);
        disk.writeBigUInt64LE(1n, 36);
        disk.write(`# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 8 FLAT "/etc/shadow" 0\n`, 512);
        writeFileSync(file, disk);
      },
      /description of other files/,
    ],
    ['a parent', make('-f', 'vmdk', '-u', '-b', '/etc/shadow', '-F', 'vmdk'), /has a parent|cannot/],
    [
      'a cut header',
      (file) => {
        writeFileSync(file, Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(20)]));
      },
      /ends within its header|damaged/,
    ],
    [
      'tables that lead nowhere',
      (file) => {
        qemu('create', '-q', '-f', 'qcow2', file, '16M');
        const disk = readFileSync(file);
        disk.writeBigUInt64BE(0xffff_ffff_0000_0000n, 40);
        writeFileSync(file, disk);
      },
      /damaged/,
    ],
  ];

  it.each(cases)('with %s is refused, and nothing of it stays', async (_, prepare, message) => {
    const before = left();
    const file = join(inputs, 'bad.disk');
    rmSync(file, { force: true });
    try {
      prepare(file);
    } catch {
      // A QEMU that does not make such a thing: the header is written by hand.
      writeFileSync(file, parentVmdk());
    }
    const error = await refusal(add(file));
    expect(error.message).toMatch(message);
    expect(error.code).toBe('invalid');
    expect(left()).toEqual(before);
    expect(await library.list()).toEqual([]);
  });

  it('with more than the limit is refused', async () => {
    const before = left();
    const file = input('large.raw', Buffer.concat([rawDisk(1), Buffer.alloc(20 * 2 ** 20, 'x')]));
    const request = { name: 'test/one', from: { source: file } };
    expect((await refusal(library.add(request, work({ limitBytes: 2 ** 22 })))).code).toBe('too_large');
    expect(left()).toEqual(before);
  });

  it('is no tree, whatever is asked', async () => {
    const error = await refusal(add(input('disk.raw', rawDisk(1)), { variant: 'rootfs' }));
    expect(error.message).toMatch(/variant: rootfs was asked for, and the file is a raw/);
  });
});

const parentVmdk = (): Buffer => {
  const disk = Buffer.alloc(4096);
  disk.write('KDMV');
  disk.writeUInt32LE(1, 4);
  disk.writeBigUInt64LE(2048n, 12);
  disk.writeBigUInt64LE(1n, 28);
  disk.writeBigUInt64LE(2n, 36);
  disk.write(
    '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=12345678\ncreateType="monolithicSparse"\nparentFileNameHint="/etc/shadow"\nRW 2048 SPARSE "x.vmdk"\n',
    512,
  );
  return disk;
};
