import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostProcess, localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createContainerRoot, destroyContainerRoot, mountContainerRoot } from './container-root.ts';
import { runOnRoot } from './root-files.ts';
import { createVolumeDirectory, volumeDirectoryPath } from './volumes.ts';

const host = localHost('test');
const id = '00000000-0000-4000-8000-00000000f11e';
const uidStart = 0x7f00_0000;
let folder = '';
let paths = pathsUnder('');

/** Ends with the stream: what was printed there, and how the program ended. */
const heard = async (process: HostProcess, input?: string) => {
  let [out, complaint] = ['', ''];
  process.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  process.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  process.stdin.end(input);
  const { code, signal } = await process.exit;
  return { out, complaint, code, signal };
};

const run = async (command: readonly string[], input?: string) =>
  heard(await runOnRoot(host, paths, id, { command }), input);

/** Where it is mounted as this test sees it, with the number of its file system. */
const mounts = async (): Promise<readonly string[]> =>
  (await host.files.readText('/proc/self/mountinfo'))
    .split('\n')
    .filter((line) => line.includes(`/${id}/root `))
    .map((line) => line.split(' ')[2] ?? '');

const until = async (reached: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(await reached()) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await reached()).toBe(true);
};

/** A program that waits for its input, begun for sure. */
const waiting = async (path: string): Promise<HostProcess> => {
  const process = await runOnRoot(host, paths, id, { command: ['sh', '-c', `echo begun; cat > ${path}`] });
  await new Promise((resolve) => void process.stdout.once('data', resolve));
  return process;
};

const programsInside = async (): Promise<readonly string[]> =>
  (await host.run(['pgrep', '-u', String(uidStart)], { expect: [0, 1] })).stdout
    .split('\n')
    .filter((pid) => pid !== '');

describe("a program on a container's files", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'test-root-files-'));
    await host.files.chmod(folder, 0o755);
    paths = pathsUnder(folder);
    await host.files.makeDirectory(paths.state, 0o755);
    const image = join(folder, 'image');
    for (const name of ['bin', 'dev', 'root']) await mkdir(join(image, name), { recursive: true });
    await copyFile('/bin/busybox', join(image, 'bin/busybox'));
    for (const name of ['sh', 'cat', 'id', 'mount', 'ls', 'stat', 'tar', 'sleep'])
      await symlink('busybox', join(image, 'bin', name));
    // The machine's own memory device: readable for all by its mode, and for nobody here.
    await host.run(['mknod', '--mode=666', join(image, 'dev/zero'), 'c', '1', '5']);
  });
  const make = () => createContainerRoot(host, paths, { id, lower: join(folder, 'image'), uidStart, files: {} });
  afterEach(() => destroyContainerRoot(host, paths, id));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is refused where there is no root', async () => {
    await expect(run(['id'])).rejects.toMatchObject({ code: 'not_found' });
  });

  it("runs as its root with its ids, and leaves its files as the container's", async () => {
    await make();
    expect(await run(['id', '-u'])).toMatchObject({ out: '0\n', code: 0 });
    expect(await run(['sh', '-c', 'cat > /root/note'], 'kept')).toMatchObject({ code: 0, complaint: '' });
    const upper = `${paths.state}/roots/${id}/upper`;
    expect((await host.files.facts(`${upper}/root/note`))?.uid).toBe(uidStart);
    expect(await mounts()).toEqual([]);
  });

  it('tells what cannot be run from what ran', async () => {
    await make();
    expect(await run(['no-such-program'])).toMatchObject({
      code: 127,
      complaint: 'no-such-program: No such file or directory\n',
    });
    expect(await run(['sh', '-c', 'exit 3'])).toMatchObject({ code: 3 });
    await host.files.remove(join(folder, 'image.away'));
    await host.files.rename(join(folder, 'image'), join(folder, 'image.away'));
    expect(await run(['id'])).toMatchObject({ code: 126, complaint: expect.stringContaining('could not be mounted') });
    await host.files.rename(join(folder, 'image.away'), join(folder, 'image'));
  });

  it('opens no device of the image, and mounts nothing', async () => {
    await make();
    expect(await run(['cat', '/dev/zero'])).toMatchObject({ out: '', complaint: expect.stringMatching(/denied/) });
    expect((await run(['mount', '-t', 'tmpfs', 'none', '/root'])).code).not.toBe(0);
  });

  it('inherits nothing that is open, but its three streams', async () => {
    await make();
    const process = await waiting('/root/open');
    const [inside = ''] = await programsInside();
    expect((await host.files.list(`/proc/${inside}/fd`)).sort()).toEqual(['0', '1', '2']);
    expect(await heard(process)).toMatchObject({ code: 0 });
  });

  it('has volumes at their places, through links of the container only', async () => {
    await make();
    await createVolumeDirectory(host, paths, id, { name: 'data', sizeBytes: 2 ** 30, owner: uidStart });
    const directory = volumeDirectoryPath(paths, id, 'data');
    await run(['sh', '-c', 'busybox ln -s / /srv']);
    const process = await runOnRoot(host, paths, id, {
      volumes: [{ directory, place: `/srv${folder}/data` }],
      command: ['sh', '-c', `cat > ${folder}/data/note`],
    });
    expect(await heard(process, 'in the volume')).toMatchObject({ code: 0, complaint: '' });
    expect(await host.files.readText(`${directory}/note`)).toBe('in the volume');
    expect(await host.files.facts(join(folder, 'data'))).toBeUndefined();
    await host.files.remove(`${paths.state}/volumes`);
  });

  it('leaves neither mount nor process when it is killed', async () => {
    await make();
    const process = await waiting('/root/half');
    expect((await programsInside()).length).toBeGreaterThan(0);
    process.kill('SIGKILL');
    await process.exit;
    await until(async () => (await programsInside()).length === 0);
    expect(await mounts()).toEqual([]);
    expect((await run(['ls', '/root'])).out).toBe('half\n');
  });

  it('ends when nobody reads it any more, though it would wait for ever', async () => {
    await make();
    const process = await runOnRoot(host, paths, id, { command: ['sh', '-c', 'echo begun; sleep 1000'] });
    await new Promise((resolve) => void process.stdout.once('data', resolve));
    process.stdout.destroy();
    await process.exit;
    expect(await programsInside()).toEqual([]);
  });

  it('shares one overlay with whoever mounts the root meanwhile, unmounts it and mounts it again', async () => {
    await make();
    const first = await waiting('/root/first');
    await mountContainerRoot(host, paths, id);
    const [number] = await mounts();
    expect(number).toBeDefined();
    const root = `${paths.state}/roots/${id}/root`;
    await host.files.write(`${root}/root/from-the-container`, 'seen', 0o644);
    expect((await run(['cat', '/root/from-the-container'])).out).toBe('seen');
    await host.run(['umount', '--', root]);
    const second = await waiting('/root/second');
    first.kill('SIGKILL');
    await first.exit;
    await mountContainerRoot(host, paths, id);
    expect(await mounts()).toEqual([number]);
    expect(await heard(second, 'also this')).toMatchObject({ code: 0 });
    expect(await host.files.readText(`${root}/root/second`)).toBe('also this');
  });

  it('is mounted once when many mount it at once', async () => {
    await make();
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, index) => run(['sh', '-c', `cat > /root/${index}`], 'x')),
    );
    expect(all.map(({ code, complaint }) => [code, complaint])).toEqual(all.map(() => [0, '']));
    await Promise.all(Array.from({ length: 6 }, () => mountContainerRoot(host, paths, id)));
    expect((await mounts()).length).toBe(1);
    expect((await run(['ls', '/root'])).out.trim().split('\n').length).toBe(12);
  });
});
