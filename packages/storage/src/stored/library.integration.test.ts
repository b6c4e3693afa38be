import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runConfined } from './confined.ts';
import { imageLibrary } from './library.ts';
import { rootfsOf, storedLayout } from './record.ts';
import { refusal, sha256, storePlace, work } from './testing/place.ts';
import { bomb, smallTree, type TestMember, tarOf } from './testing/tars.ts';

const place = storePlace('/tmp/innkeeper-test-images-store');
const { prefix, paths, host, library, inputs, victim, input, add, left } = place;

beforeAll(place.prepare);
afterAll(place.end);

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
