import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { exec } from '@innkeeper/client';
import { type ImageView, InnkeeperError } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestPrefix, host, type Installation, install, leftOnHost, paths, prefix } from './installation.ts';

const cache = process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images';
const inputs = '/tmp/innkeeper-test-images-inputs';
const [image, guest] = ['test/imported', `${guestPrefix}-imported`];

let innkeeper: Installation;
let archive: string;

beforeAll(async () => {
  rmSync(inputs, { recursive: true, force: true });
  mkdirSync(inputs);
  innkeeper = await install();
  const tar = readdirSync(cache).find((name) => name.endsWith('.tar'));
  if (tar === undefined) throw new Error(`no built tree is in ${cache}: run npm run up once`);
  archive = `${cache}/${tar}`;
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith(guestPrefix)) await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  rmSync(inputs, { recursive: true, force: true });
});

const sha256 = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

const refusal = async (promise: Promise<unknown>): Promise<InnkeeperError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

/** What a command in a guest prints. */
const inside = async (name: string, command: readonly string[]): Promise<string> => {
  let output = '';
  const add = (data: Uint8Array): void => {
    output += Buffer.from(data).toString();
  };
  const stream = await exec({ socket: paths.socket }, name, { command: [...command] }, { stdout: add, stderr: add });
  await stream.exit;
  return output.trim();
};

/** The command itself; the control plane that answers it is in this process, which has to go on meanwhile. */
const inn = async (...words: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['services/cli/bin/inn.js', ...words], {
    env: { PATH: process.env.PATH ?? '', INNKEEPER_PREFIX: prefix },
    timeout: 60_000,
  });
  return stdout;
};

const imported = async (): Promise<ImageView[]> => (await innkeeper.client.images()).filter(({ builtIn }) => !builtIn);

describe('a root file system that is imported', () => {
  it('is not there until it is whole, and tells how far it is', async () => {
    const begun = await innkeeper.client.importImage({ name: image, source: archive, sha256: await sha256(archive) });
    expect(begun).toMatchObject({ name: image, state: 'fetching', progress: expect.any(String) });
    expect(await imported()).toEqual([]);
    expect((await refusal(innkeeper.client.importImage({ name: image, source: archive }))).code).toBe('busy');
    const said = new Set<string>();
    let view = begun;
    while (view.progress !== undefined) {
      said.add(view.progress);
      await new Promise((resolve) => setTimeout(resolve, 50));
      view = await innkeeper.client.image(image);
    }
    expect(view.error).toBeUndefined();
    expect([...said].some((text) => text.startsWith('copying'))).toBe(true);
    expect([...said].some((text) => text.startsWith('unpacking'))).toBe(true);
  });

  it('is listed with its size, source, checksum and host', async () => {
    const [view] = await imported();
    expect(view).toMatchObject({ name: image, state: 'ready', variants: ['rootfs'], workloads: [] });
    expect(view?.hosts.length).toBe(1);
    expect(view?.bytes).toBeGreaterThan(100 * 2 ** 20);
    expect(view?.stored).toEqual([
      expect.objectContaining({ variant: 'rootfs', source: archive, sha256: await sha256(archive), pinned: true }),
    ]);
    expect(await inn('image', 'ls')).toMatch(/test\/imported +container +[\d.]+MiB +2\d\d\d-/);
    expect(await inn('image', 'show', image)).toMatch(/sha256 +[0-9a-f]{64}, as was asked for/);
  });

  it('becomes a container that runs, with its own ids', async () => {
    const spec = { image, memory: '256MiB' };
    const [plan] = (await innkeeper.client.plan({ workloads: { [guest]: spec } })).workloads;
    expect(plan?.action).toBe('create');
    const operation = await innkeeper.finished(await innkeeper.client.put(guest, spec));
    expect(operation.error).toBeUndefined();
    const view = await innkeeper.client.workload(guest);
    expect(view).toMatchObject({ state: 'running', backend: 'lxc', image });
    expect(await inside(guest, ['cat', '/etc/os-release'])).toMatch(/^PRETTY_NAME="Debian/);
    expect(await inside(guest, ['stat', '-c', '%u %a', '/usr/bin/su'])).toBe('0 4755');
    expect(await inside(guest, ['hostname'])).toBe(guest);
  });

  it('is no virtual machine, and says so', async () => {
    const { message } = await refusal(innkeeper.client.put(`${guestPrefix}-vm`, { image, backend: 'kvm' }));
    expect(message).toMatch(/the image test\/imported is not on .* as a disk/);
  });

  it('is not removed while a workload is made of it', async () => {
    expect((await innkeeper.client.image(image)).workloads).toEqual([guest]);
    const error = await refusal(innkeeper.client.removeImage(image));
    expect(error).toMatchObject({ code: 'conflict', message: `${image} cannot be removed: it is used by ${guest}` });
    expect(await inside(guest, ['true'])).toBe('');
  });

  it('is there with another control plane too, and goes with the last that used it', async () => {
    await innkeeper.replace();
    expect((await imported()).map(({ name }) => name)).toEqual([image]);
    await innkeeper.finished(await innkeeper.client.remove(guest));
    await inn('image', 'rm', image);
    expect(await imported()).toEqual([]);
    expect((await refusal(innkeeper.client.image(image))).code).toBe('not_found');
    expect(readdirSync(`${paths.state}/images/stored/trees`)).toEqual([]);
    expect((await innkeeper.client.hosts())[0]?.images).not.toContain(image);
  });

  it('is in the audit log, who, when and what', async () => {
    const { items } = await innkeeper.client.audit();
    const seen = items
      .filter(({ resource }) => resource.kind === 'image')
      .map(({ method, outcome }) => `${method} ${outcome}`);
    expect(seen).toEqual(['DELETE done', 'POST done']);
  });
});

describe('what is wrong is said with its field, and nothing is begun', () => {
  const cases: readonly [string, Parameters<Installation['client']['importImage']>[0], RegExp][] = [
    [
      'a name that comes with Innkeeper',
      { name: 'debian/12', source: '/x' },
      /^image\.name: "debian\/12" is kept for images that come/,
    ],
    [
      'a name of one of those to come',
      { name: 'ubuntu/24.04', source: '/x' },
      /kept for images that come with Innkeeper/,
    ],
    ['a name that climbs', { name: '../x', source: '/x' }, /cannot be the name of an image/],
    [
      'a checksum that is none',
      { name: 'a', source: '/x', sha256: 'abc' },
      /^image\.sha256: a SHA-256 is 64 hexadecimal digits/,
    ],
    ['a relative path', { name: 'a', source: 'x.tar' }, /^source: "x\.tar" is no address/],
    ['neither source nor server', { name: 'a' }, /^image\.source: either a source/],
    ['a server without an image', { name: 'a', server: 'http://127.0.0.1:1' }, /^image\.image: which image/],
  ];

  it.each(cases)('%s', async (_, request, message) => {
    const error = await refusal(innkeeper.client.importImage(request));
    expect({ code: error.code, text: error.message }).toEqual({
      code: 'invalid',
      text: expect.stringMatching(message),
    });
    expect(await imported()).toEqual([]);
  });

  it('a file that fails is told when it is asked for, and by inn', async () => {
    writeFileSync(`${inputs}/bad.tar`, 'nothing at all');
    const wait = { wait: '30s' };
    const error = await refusal(innkeeper.client.importImage({ name: 'test/bad', source: `${inputs}/bad.tar` }, wait));
    expect(error.message).toMatch(/neither an archive nor a disk/);
    expect(await innkeeper.client.image('test/bad')).toMatchObject({ state: 'failed', error: { code: 'invalid' } });
    await expect(inn('image', 'import', `${inputs}/bad.tar`, '--as', 'test/bad')).rejects.toThrow(
      /neither an archive nor a disk/,
    );
    expect(await imported()).toEqual([]);
  });

  it('a workload of an image that nobody has', async () => {
    const { code, message } = await refusal(innkeeper.client.put(`${guestPrefix}-none`, { image: 'test/none' }));
    expect({ code, message }).toEqual({
      code: 'invalid',
      message: `workloads.${guestPrefix}-none.image: there is no image "test/none"`,
    });
  });

  it('that an image which comes with Innkeeper be removed', async () => {
    expect((await refusal(innkeeper.client.removeImage('debian/12'))).message).toBe(
      'debian/12 comes with Innkeeper and is not removed',
    );
  });
});

describe('a disk that is imported', () => {
  /** Its boot sector writes one letter after the other to the first serial port, and halts. [Intel SDM, in/out; 16550 data register 0x3f8] */
  const bootSector = (): Buffer => {
    const letters = [...'INNKEEPER\r\n'].flatMap((letter) => [0xb0, letter.charCodeAt(0), 0xee]);
    const disk = Buffer.alloc(2 ** 20);
    disk.set([0xba, 0xf8, 0x03, ...letters, 0xf4, 0xeb, 0xfd]);
    disk.writeUInt16LE(0xaa55, 510);
    return disk;
  };

  it('is what a virtual machine starts from', async () => {
    writeFileSync(`${inputs}/boot.raw`, bootSector());
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', `${inputs}/boot.raw`, `${inputs}/boot.qcow2`]);
    const view = await innkeeper.client.importImage(
      { name: 'test/disk', source: `${inputs}/boot.qcow2` },
      { wait: '60s' },
    );
    expect(view).toMatchObject({ state: 'ready', variants: ['disk'], stored: [{ virtualBytes: 2 ** 20 }] });
    const spec = { image: 'test/disk', memory: '128MiB', disk: '64MiB', networks: [] };
    const operation = await innkeeper.finished(await innkeeper.client.put(`${guestPrefix}-disk`, spec));
    expect(operation.error).toBeUndefined();
    const deadline = Date.now() + 60_000;
    let printed = '';
    while (!printed.includes('INNKEEPER') && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      printed = Buffer.from(await innkeeper.client.logs(`${guestPrefix}-disk`)).toString();
    }
    expect(printed).toContain('INNKEEPER');
    await innkeeper.finished(await innkeeper.client.remove(`${guestPrefix}-disk`));
    await innkeeper.client.removeImage('test/disk');
    expect((await host.files.list(`${paths.state}/disks/base`)).filter((name) => name.length > 40)).toEqual([]);
  }, 240_000);
});

describe('an image that is published from a container', () => {
  const [source, made, second] = ['test/published', `${guestPrefix}-source`, `${guestPrefix}-second`];

  beforeAll(async () => {
    expect(
      (await innkeeper.finished(await innkeeper.client.put(made, { image: 'debian/12', backend: 'lxc' }))).error,
    ).toBe(undefined);
    await inside(made, [
      'sh',
      '-ec',
      `echo kept > /srv/kept; chown www-data:adm /srv/kept; chmod 4750 /srv/kept; ln /srv/kept /srv/again
      setfattr -n user.note -v hello /srv/kept 2>/dev/null || true
      rm /etc/issue.net; rm -r /usr/share/doc; mkdir /usr/share/doc; echo own > /usr/share/doc/own
      mkdir -p /etc/ssh; echo secret > /etc/ssh/ssh_host_ed25519_key; echo gone > /tmp/gone; echo changed >> /etc/hosts.note`,
    ]);
  });

  it('is made of what it holds while it runs on, and leaves no snapshot', async () => {
    await inn('image', 'publish', made, '--as', source);
    expect(await imported()).toEqual([
      expect.objectContaining({ name: source, state: 'ready', variants: ['rootfs'], workloads: [] }),
    ]);
    expect((await innkeeper.client.image(source)).title).toMatch(
      new RegExp(`^published from ${made}, as it was in publish-`),
    );
    expect(await innkeeper.client.snapshots(made)).toEqual([]);
    expect((await innkeeper.client.workload(made)).state).toBe('running');
  });

  it('becomes another container, with the same files and owners and who it is itself', async () => {
    const before = await inside(made, ['cat', '/etc/machine-id']);
    await inside(made, ['sh', '-c', 'echo later > /srv/kept']);
    expect((await innkeeper.finished(await innkeeper.client.put(second, { image: source }))).error).toBe(undefined);
    expect(await inside(second, ['sh', '-c', 'cat /srv/again; stat -c "%U %G %a %h" /srv/kept'])).toBe(
      'kept\nwww-data adm 4750 2',
    );
    expect(await inside(second, ['ls', '/usr/share/doc'])).toBe('own');
    for (const gone of ['/etc/issue.net', '/etc/ssh/ssh_host_ed25519_key', '/tmp/gone'])
      expect(await inside(second, ['sh', '-c', `test -e ${gone} || echo no`])).toBe('no');
    expect(await inside(second, ['hostname'])).toBe(second);
    expect(await inside(second, ['cat', '/etc/machine-id'])).not.toBe(before);
    expect(await inside(second, ['sh', '-c', 'find / -xdev -uid +60000 ! -path /proc ! -path /sys | head -n 3'])).toBe(
      '',
    );
  });

  it('stays as it is, and stands when the container it came from is gone', async () => {
    expect((await refusal(innkeeper.client.refreshImage(source, { wait: '30s' }))).message).toContain(
      `It was published from ${made}`,
    );
    await innkeeper.finished(await innkeeper.client.remove(made));
    expect(await inside(second, ['cat', '/srv/again'])).toBe('kept');
    await innkeeper.finished(await innkeeper.client.remove(second));
    await inn('image', 'rm', source);
    expect(await imported()).toEqual([]);
  });

  it.each([
    [{ workload: 'nobody', snapshot: 'one' }, /There is no workload nobody/],
    [{ workload: 'nobody' }, /image\.snapshot: a workload and one of its snapshots/],
    [
      { workload: 'nobody', snapshot: 'one', server: 'https://example.org', image: 'x' },
      /image\.source: either a source/,
    ],
  ])('is refused with the field: %o', async (parts, message) => {
    expect((await refusal(innkeeper.client.importImage({ name: source, ...parts }))).message).toMatch(message);
  });
});
