import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { arch } from 'node:os';
import { localHost } from '@innkeeper/host';
import { InnkeeperError, pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ImportRequest, imageLibrary } from './library.ts';
import { rootfsOf, storedLayout } from './record.ts';
import { smallTree, tarOf } from './testing/tars.ts';
import { publish, type TestServer, testServer } from './testing/web.ts';

const prefix = '/tmp/innkeeper-test-images-fetched';
const paths = pathsUnder(prefix);
const library = imageLibrary(localHost('test'), paths);
const { parts, trees, records } = storedLayout(paths);

let server: TestServer;
let abort: AbortController;
let said: string[];

beforeAll(() => rmSync(prefix, { recursive: true, force: true }));
beforeEach(async () => {
  server = await testServer();
  abort = new AbortController();
  said = [];
});
afterEach(async () => {
  for (const { name } of await library.list()) await library.remove(name);
  await server.close();
});
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

const work = () => ({ signal: abort.signal, progress: (text: string) => void said.push(text), limitBytes: 2 ** 26 });
const list = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
/** All that an import can leave. */
const left = (): string[] => [parts, trees, records].flatMap(list);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A tree with something in it, so that it can be cut. */
const tree = tarOf([...smallTree, { name: './data', content: Buffer.alloc(4 * 2 ** 20, 'data') }]);
const other = tarOf([...smallTree, { name: './data', content: Buffer.alloc(4 * 2 ** 20, 'news') }]);

const refusal = async (promise: Promise<unknown>): Promise<InnkeeperError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

const fromUrl = (path: string, more: Partial<ImportRequest> = {}) =>
  library.add({ name: 'test/one', from: { source: `${server.url}${path}` }, ...more }, work());

describe('an address', () => {
  beforeEach(() => void server.files.set('/tree.tar', tree));

  it('is fetched, and asked for the rest after each of two cuts', async () => {
    server.cut = { times: 2, after: 2 ** 20 };
    const record = await fromUrl('/tree.tar', { sha256: sha256(tree) });
    expect(record.rootfs?.sha256).toBe(sha256(tree));
    const [first, ...rest] = server.asked;
    expect(first).toBe('GET /tree.tar');
    expect(rest).toEqual([1, 2].map(() => expect.stringMatching(/^GET \/tree\.tar bytes=[1-9]\d+-$/)));
    expect(readFileSync(`${rootfsOf(paths, sha256(tree))}/data`).length).toBe(4 * 2 ** 20);
    expect(list(parts)).toEqual([]);
    expect(said.some((text) => /^downloading: .* of 4MiB/.test(text))).toBe(true);
  });

  it('begins anew when the server has another file by then', async () => {
    server.cut = { times: 1, after: 2 ** 20 };
    setTimeout(() => void server.files.set('/tree.tar', other), 200);
    const record = await fromUrl('/tree.tar');
    expect(record.rootfs?.sha256).toBe(sha256(other));
  });

  it('begins anew where neither server nor user say which file it is', async () => {
    server.tags = false;
    server.cut = { times: 1, after: 2 ** 20 };
    await fromUrl('/tree.tar');
    expect(server.asked).toEqual(['GET /tree.tar', 'GET /tree.tar']);
  });

  it('is asked again while its server is not well', async () => {
    server.failing = { times: 2, status: 503 };
    await fromUrl('/tree.tar');
    expect(server.asked.length).toBe(3);
  });

  it.each([
    ['is not there', '/nothing.tar', 'not_found', /answers 404/],
    ['has another checksum', '/tree.tar', 'invalid', /^sha256: you said/],
  ] as const)('that %s leaves nothing', async (_, path, code, message) => {
    const error = await refusal(fromUrl(path, { sha256: '1'.repeat(64) }));
    expect({ code: error.code, text: error.message }).toEqual({ code, text: expect.stringMatching(message) });
    expect(left()).toEqual([]);
  });

  it('that is always cut leaves nothing', async () => {
    server.cut = { times: 1000, after: 0 };
    const error = await refusal(fromUrl('/tree.tar'));
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/could not be fetched/) });
    expect(left()).toEqual([]);
  });

  it('that is larger than the limit is not fetched', async () => {
    server.files.set('/large.tar', Buffer.alloc(2 ** 26 + 1));
    expect((await refusal(fromUrl('/large.tar'))).code).toBe('too_large');
    expect(left()).toEqual([]);
  });

  it('that was being fetched when the process was told to end is gone on with by the next', async () => {
    server.hold = new Promise(() => undefined);
    const first = fromUrl('/tree.tar');
    while (!said.some((text) => text.startsWith('downloading')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 300));
    abort.abort();
    await expect(first).rejects.toThrow();
    expect(list(parts).length).toBe(2);
    expect(await library.list()).toEqual([]);
    server.hold = undefined;
    abort = new AbortController();
    await fromUrl('/tree.tar');
    expect(server.asked[1]).toMatch(/^GET \/tree\.tar bytes=[1-9]\d+-$/);
    expect(list(parts)).toEqual([]);
  });

  it('that was being fetched by a process that was killed is gone on with, and what that has left goes', async () => {
    server.hold = new Promise(() => undefined);
    const script = `
      const { imageLibrary } = await import('@innkeeper/storage');
      const { localHost } = await import('@innkeeper/host');
      const { pathsUnder } = await import('@innkeeper/model');
      await imageLibrary(localHost('other'), pathsUnder('${prefix}')).add(
        { name: 'test/one', from: { source: '${server.url}/tree.tar' } },
        { signal: new AbortController().signal, progress: () => undefined, limitBytes: 2 ** 26 },
      );`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: 'services/control-plane',
      stdio: 'inherit',
    });
    const half = (): boolean =>
      list(parts).some((name) => !name.endsWith('.json') && statSync(`${parts}/${name}`).size > 2 ** 20);
    while (!half() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    // As it would be if it had been killed while it unpacked.
    mkdirSync(`${trees}/.importing-killed/unpacked/etc`, { recursive: true });
    expect(await library.list()).toEqual([]);
    server.hold = undefined;
    await fromUrl('/tree.tar');
    expect(server.asked[1]).toMatch(/^GET \/tree\.tar bytes=[1-9]\d+-$/);
    expect(left().sort()).toEqual([sha256(tree), 'test%2Fone.json']);
  });

  it('is fetched anew when it has changed, and only then', async () => {
    await fromUrl('/tree.tar');
    expect(await library.refresh('test/one', work())).toEqual([]);
    expect(server.asked).toEqual(['GET /tree.tar', 'HEAD /tree.tar']);
    server.files.set('/tree.tar', other);
    expect(await library.refresh('test/one', work())).toEqual(['rootfs']);
    expect((await library.find('test/one'))?.rootfs?.sha256).toBe(sha256(other));
    // The next look takes away what nothing stands on.
    expect(await library.refresh('test/one', work())).toEqual([]);
    expect(list(trees)).toEqual([sha256(other)]);
  });

  it('with a checksum stays what it was', async () => {
    await fromUrl('/tree.tar', { sha256: sha256(tree) });
    expect((await refusal(library.refresh('test/one', work()))).code).toBe('conflict');
  });

  it('that fails when it is fetched anew keeps what there was', async () => {
    await fromUrl('/tree.tar');
    server.files.set('/tree.tar', tarOf([{ name: '../evil', content: Buffer.from('x') }]));
    expect((await refusal(library.refresh('test/one', work()))).message).toMatch(/leads out/);
    expect((await library.find('test/one'))?.rootfs?.sha256).toBe(sha256(tree));
    expect(list(trees)).toEqual([sha256(tree)]);
    expect(list(parts)).toEqual([]);
  });
});

const machine = arch() === 'arm64' ? 'arm64' : 'amd64';
const xz = (tar: Buffer): Buffer => execFileSync('xz', ['-0', '-c'], { input: tar });
const pull = (image: string, more: Partial<ImportRequest> = {}) =>
  library.add({ name: 'test/pulled', from: { server: server.url, image }, ...more }, work());

describe('a simplestreams server', () => {
  const disk = (): Buffer => {
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', `${prefix}/disk.qcow2`, '16M']);
    return readFileSync(`${prefix}/disk.qcow2`);
  };

  beforeEach(() => {
    const item = (ftype: string, path: string, content: Buffer) => ({ ftype, path, content });
    publish(
      server,
      {
        'test/1': [
          { version: '20260101_05:24', items: [item('root.tar.xz', 'images/1/old/rootfs.tar.xz', xz(other))] },
          {
            version: '20260102_05:24',
            items: [
              item(
                'incus.tar.xz',
                'images/1/new/incus.tar.xz',
                xz(tarOf([{ name: 'metadata.yaml', content: Buffer.from('a: 1\n') }])),
              ),
              item('root.tar.xz', 'images/1/new/rootfs.tar.xz', xz(tree)),
              item('disk-kvm.img', 'images/1/new/disk.qcow2', disk()),
            ],
          },
        ],
        'test/2': [
          {
            version: '1',
            items: [{ ...item('root.tar.xz', 'images/2/rootfs.tar.xz', xz(tree)), sha256: '2'.repeat(64) }],
          },
        ],
        'test/3': [{ version: '1', items: [item('root.tar.xz', '../../outside.tar.xz', xz(tree))] }],
        'test/4': [{ version: '1', items: [item('lxd.tar.xz', 'images/4/lxd.tar.xz', xz(tree))] }],
      },
      machine,
    );
  });

  it('gives the newest tree of an image', async () => {
    const record = await pull('test/1');
    expect(record.rootfs?.source).toMatchObject({ kind: 'server', image: 'test/1', version: '20260102_05:24' });
    expect(readFileSync(`${rootfsOf(paths, record.rootfs?.sha256 ?? '')}/data`, 'latin1').slice(0, 4)).toBe('data');
  });

  it('gives a disk for virtual machines, under the same name', async () => {
    await pull('test/1/default');
    const record = await pull('test/1', { variant: 'disk' });
    expect(record.disk?.virtualBytes).toBe(2 ** 24);
    expect(record.rootfs).toBeDefined();
  });

  it.each([
    ['whose file has another checksum', 'test/2', /^sha256: http.* says 2{64}, and what came has/],
    ['that names a file outside of itself', 'test/3', /names a file outside of itself/],
    ['that has nothing to stand on', 'test/4', /in no form that can be used for a container or a virtual machine/],
    ['that has not the image', 'test/9', /has no "test\/9" for/],
  ])('%s is refused, and nothing stays', async (_, image, message) => {
    expect((await refusal(pull(image))).message).toMatch(message);
    expect(left()).toEqual([]);
  });

  it('that is none is refused', async () => {
    server.files.set('/streams/v1/index.json', Buffer.from('<html>'));
    expect((await refusal(pull('test/1'))).message).toMatch(/is no list of simplestreams/);
    server.files.clear();
    expect((await refusal(pull('test/1'))).message).toMatch(/index\.json answers 404/);
  });

  it('is asked whether there is a newer version', async () => {
    await pull('test/1');
    server.asked.length = 0;
    expect(await library.refresh('test/pulled', work())).toEqual([]);
    expect(server.asked).toEqual(['GET /streams/v1/index.json', 'GET /streams/v1/images.json']);
    publish(
      server,
      {
        'test/1': [
          {
            version: '20260103_05:24',
            items: [{ ftype: 'root.tar.xz', path: 'images/1/next.tar.xz', content: xz(other) }],
          },
        ],
      },
      machine,
    );
    expect(await library.refresh('test/pulled', work())).toEqual(['rootfs']);
  });
});
