import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localHost } from '@innkeeper/host';
import { InnkeeperError, pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runConfined } from './confined.ts';
import { imageLibrary } from './library.ts';
import { baseDiskPath, rootfsOf, storedLayout } from './record.ts';
import { bomb, smallTree, type TestMember, tarOf } from './testing/tars.ts';

const prefix = '/tmp/innkeeper-test-images-store';
const paths = pathsUnder(prefix);
const host = localHost('test');
const library = imageLibrary(host, paths);
const inputs = `${prefix}/inputs`;
/** What a bad image is after: a file that it must neither read nor write. */
const victim = `${prefix}/victim`;
const limitBytes = 64 * 2 ** 20;

const work = (parts: { signal?: AbortSignal; limitBytes?: number } = {}) => ({
  signal: new AbortController().signal,
  progress: () => undefined,
  limitBytes,
  ...parts,
});

/** Every file below a folder, with what it is. */
const everything = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((one) => `${one.parentPath.slice(folder.length)}/${one.name}`)
    .sort();

const left = (): string[] => everything(prefix).filter((path) => !path.startsWith('/inputs') && path !== '/inputs');

const input = (name: string, content: Buffer | string): string => {
  writeFileSync(`${inputs}/${name}`, content);
  return `${inputs}/${name}`;
};
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const add = (source: string, more: { name?: string; sha256?: string; variant?: 'rootfs' | 'disk' } = {}) =>
  library.add({ name: more.name ?? 'test/one', from: { source }, sha256: more.sha256, variant: more.variant }, work());

const refusal = async (promise: Promise<unknown>): Promise<InnkeeperError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

beforeAll(async () => {
  rmSync(prefix, { recursive: true, force: true });
  mkdirSync(inputs, { recursive: true });
  mkdirSync(victim, { recursive: true });
  writeFileSync(`${victim}/secret`, 'root:secret\n', { mode: 0o600 });
  // The folders are there from the first import on: what is compared is what one leaves besides.
  await add(input('first.tar', tarOf(smallTree)));
  await library.remove('test/one');
  await add(input('first.raw', rawDisk(1)));
  await library.remove('test/one');
});
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

const rawDisk = (mebibytes: number): Buffer => {
  const disk = Buffer.alloc(mebibytes * 2 ** 20);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write('a disk', 4096);
  return disk;
};

describe('the tree of an archive', () => {
  const packed: readonly [string, (tar: Buffer) => Buffer][] = [
    ['tar', (tar) => tar],
    ['tar.gz', (tar) => execFileSync('gzip', ['-c'], { input: tar })],
    ['tar.xz', (tar) => execFileSync('xz', ['-c'], { input: tar })],
    ['tar.zst', (tar) => execFileSync('zstd', ['-qc'], { input: tar })],
  ];

  it.each(packed)('is unpacked from %s with owners and setuid bits, and is gone with its name', async (kind, pack) => {
    const before = left();
    const file = input(`tree.${kind}`, pack(tarOf(smallTree)));
    const record = await add(file, { sha256: sha256(file) });
    expect(record.rootfs).toMatchObject({ sha256: sha256(file), pinned: true, notes: [] });
    const root = rootfsOf(paths, sha256(file));
    expect(lstatSync(`${root}/bin/su`).mode & 0o7777).toBe(0o4755);
    expect(readFileSync(`${root}/etc/os-release`, 'utf8')).toBe('ID=test\n');
    expect((await library.list()).map(({ name }) => name)).toEqual(['test/one']);
    await library.remove('test/one');
    expect(left()).toEqual(before);
  });

  it('is taken from a squashfs', async () => {
    const before = left();
    const tree = `${inputs}/tree`;
    mkdirSync(`${tree}/sbin`, { recursive: true });
    writeFileSync(`${tree}/sbin/init`, '');
    symlinkSync('/etc/passwd', `${tree}/link`);
    execFileSync('mknod', [`${tree}/null`, 'c', '1', '3']);
    execFileSync('mksquashfs', [tree, `${inputs}/tree.squashfs`, '-quiet', '-no-progress', '-noappend']);
    const record = await add(`${inputs}/tree.squashfs`);
    const root = rootfsOf(paths, record.rootfs?.sha256 ?? '');
    expect(readdirSync(root).sort()).toEqual(['link', 'sbin']);
    expect(record.rootfs?.notes).toEqual([expect.stringMatching(/^1 device node/)]);
    await library.remove('test/one');
    expect(left()).toEqual(before);
  });

  it('is what is in the folder rootfs of a combined archive', async () => {
    const inside = smallTree.map((member) => ({ ...member, name: `rootfs/${member.name.slice(2)}` }));
    const record = await add(
      input('combined.tar', tarOf([{ name: 'metadata.yaml', content: Buffer.from('x: 1\n') }, ...inside])),
    );
    expect(readdirSync(rootfsOf(paths, record.rootfs?.sha256 ?? '')).sort()).toEqual(['bin', 'etc', 'sbin']);
    await library.remove('test/one');
  });

  it('has no devices, and says so', async () => {
    const devices = [
      { name: './dev/', type: '5' },
      { name: './dev/null', type: '3' },
      { name: './dev/sda', type: '4' },
    ];
    const record = await add(input('devices.tar', tarOf([...smallTree, ...devices])));
    expect(readdirSync(`${rootfsOf(paths, record.rootfs?.sha256 ?? '')}/dev`)).toEqual([]);
    expect(record.rootfs?.notes).toEqual(['2 device nodes were left out: a guest gets those that it is given']);
    await library.remove('test/one');
  });

  it('is kept once for two names, and until the second is gone', async () => {
    const file = input('shared.tar', tarOf(smallTree));
    await add(file, { name: 'test/a' });
    await add(file, { name: 'test/b' });
    expect(readdirSync(storedLayout(paths).trees).filter((name) => !name.startsWith('.'))).toEqual([sha256(file)]);
    await library.remove('test/a');
    expect(readFileSync(`${rootfsOf(paths, sha256(file))}/etc/os-release`, 'utf8')).toBe('ID=test\n');
    await library.remove('test/b');
    expect(readdirSync(storedLayout(paths).trees)).toEqual([]);
  });
});

const evil = (...members: TestMember[]) => tarOf([...smallTree, ...members]);
const content = Buffer.from('owned\n');

describe('an archive that means no good', () => {
  let before: string[] = [];
  beforeEach(() => {
    before = left();
  });

  const cases: readonly [string, () => Buffer, RegExp][] = [
    [
      'a member that climbs out',
      () => evil({ name: '../../../victim/new', content }),
      /"\.\.\/\.\.\/\.\.\/victim\/new" leads out of the image/,
    ],
    [
      'a member that climbs out in the middle',
      () => evil({ name: './etc/../../../x', content }),
      /leads out of the image by "\.\."/,
    ],
    ['an absolute member', () => evil({ name: `${victim}/new`, content }), /is an absolute name/],
    [
      'a hard link to a file of the host',
      () => evil({ name: './steal', type: '1', link: `${victim}/secret` }),
      /hard link .* absolute name/,
    ],
    [
      'a hard link that climbs out',
      () => evil({ name: './steal', type: '1', link: '../../../../../victim/secret' }),
      /hard link .* leads out/,
    ],
    [
      'a hard link to what is not in it',
      () => evil({ name: './steal', type: '1', link: 'etc/shadow' }),
      /which the archive does not have before it/,
    ],
    [
      'a member through an absolute symbolic link',
      () => evil({ name: './out', type: '2', link: victim }, { name: './out/new', content }),
      /"out\/new" goes through the symbolic link "out"/,
    ],
    [
      'a member through a relative symbolic link',
      () => evil({ name: './out', type: '2', link: '../../../../../victim' }, { name: './out/new', content }),
      /goes through the symbolic link/,
    ],
    [
      'a member through two symbolic links',
      () =>
        evil(
          { name: './a', type: '2', link: '.' },
          { name: './a/b', type: '2', link: victim },
          { name: './a/b/new', content },
        ),
      /goes through the symbolic link/,
    ],
    [
      'a hard link through a symbolic link',
      () => evil({ name: './out', type: '2', link: victim }, { name: './steal', type: '1', link: 'out/secret' }),
      /goes through the symbolic link/,
    ],
    ['a kind of member that there is not', () => evil({ name: './odd', type: 'Z' }), /damaged|of a kind/],
    ['more than the limit, packed small', () => bomb(128), /unpacks to more than 67108864 bytes/],
    ['no init', () => tarOf([{ name: './etc/', type: '5' }]), /no \/sbin\/init/],
    ['a cut archive', () => execFileSync('gzip', ['-c'], { input: evil() }).subarray(0, -20), /damaged/],
    [
      'an archive that ends within a member',
      () => evil({ name: './data', content: Buffer.alloc(4096) }).subarray(0, -4096),
      /damaged/,
    ],
    [
      'a header that does not add up',
      () => Buffer.concat([evil().subarray(0, 1024), Buffer.alloc(1024, 'x'), evil()]),
      /damaged/,
    ],
  ];

  it.each(cases)('is refused for %s, and nothing of it stays', async (_, make, message) => {
    const error = await refusal(add(input('evil', make())));
    expect(error.message).toMatch(message);
    expect(['invalid', 'too_large']).toContain(error.code);
    expect(left()).toEqual(before);
    expect(readdirSync(victim)).toEqual(['secret']);
    expect(await library.list()).toEqual([]);
  });

  it('is refused for another checksum before anything is unpacked', async () => {
    const error = await refusal(add(input('other.tar', tarOf(smallTree)), { sha256: '0'.repeat(64) }));
    expect(error.message).toMatch(/^sha256: you said 0{64}, and what came has [0-9a-f]{64}; nothing was unpacked/);
    expect(left()).toEqual(before);
  });

  it('is refused where the disk has no room for it', async () => {
    const huge = evil();
    const file = input('huge.tar', huge);
    const small = { ...host, files: { ...host.files, space: async () => ({ free: 2 ** 28, total: 2 ** 30 }) } };
    const error = await refusal(imageLibrary(small, paths).add({ name: 'test/one', from: { source: file } }, work()));
    expect(error.message).toMatch(/needs \d+ bytes, and .* has 0 to spare/);
    expect(left()).toEqual(before);
  });
});

describe('what unpacks and converts', () => {
  it('can write in its own folder and nowhere else, whatever it is told, and reaches no network', async () => {
    const folder = `${prefix}/confined`;
    mkdirSync(folder);
    const script = `
      echo in > inside
      echo out > ${victim}/new
      echo out > /tmp/innkeeper-test-images-outside
      ln ${victim}/secret stolen
      mount -o remount,rw /
      chroot / true
      exec 3<>/dev/tcp/127.0.0.1/22`;
    const { stderr } = await runConfined(host, folder, ['bash', '-c', script], { expect: [0, 1] });
    expect(stderr.split('\n').filter((line) => line.includes(': ')).length).toBeGreaterThanOrEqual(6);
    expect(readdirSync(folder)).toEqual(['inside']);
    expect(readdirSync(victim)).toEqual(['secret']);
    expect(readdirSync('/tmp')).not.toContain('innkeeper-test-images-outside');
    rmSync(folder, { recursive: true });
  });
});

describe('a source that is none', () => {
  const cases: readonly [string, string, RegExp][] = [
    [
      'a relative path',
      'images/x.tar',
      /^source: "images\/x\.tar" is no address that can be fetched; an absolute path/,
    ],
    ['another scheme', 'ftp://example.org/x.tar', /is no address that can be fetched/],
    ['a file: address', 'file:///etc/shadow', /is no address that can be fetched/],
    ['a password', 'http://me:secret@localhost/x', /has a password in it/],
    ['a missing file', '/nowhere/x.tar', /there is no such file on the machine of the control plane/],
    ['a folder', '/etc', /is no file/],
    ['a device', '/dev/zero', /is no file/],
    ['a file of the kernel', '/proc/kmsg', /is empty/],
    ['a file that is no image', '/etc/passwd', /neither an archive nor a disk that is known/],
  ];

  it.each(cases)('%s is refused with what would be right', async (_, source, message) => {
    const before = left();
    const error = await refusal(add(source));
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/me:secret/);
    expect(left()).toEqual(before);
  });
});

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
