import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGuestDisk, destroyGuestDisk, guestDiskFolder, guestDiskPath, isWrittenInto, makeQcow2 } from './disk.ts';
import { copyMachine, keepMachineClone, machineCloneNote, removeMachineClone } from './machine-clone.ts';
import { copyMachineSnapshot, keepMachineSnapshot } from './machine-snapshots.ts';
import { createVolumeDisk, destroyVolumes, volumeDiskPath } from './volumes.ts';

const host = localHost('test');
const from = '00000000-0000-4000-8000-00000000c10e';
const to = '00000000-0000-4000-8000-00000000c10f';
const snapshot = '00000000-0000-4000-8000-000000000001';
const MiB = 2 ** 20;
let folder = '';
let paths = pathsUnder('');

const stateOf = (id: string) => ({ nvram: join(folder, `libvirt/${id}.fd`), tpm: join(folder, `libvirt/${id}`) });
const base = (): string => join(folder, 'base.qcow2');
const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;
const fill = (path: string, pattern: number, at = '1M'): Promise<unknown> =>
  host.run(['qemu-io', '-f', 'qcow2', '-c', `write -P ${pattern} ${at} 64k`, path]);

const change = async (pattern: number): Promise<void> => {
  await fill(guestDiskPath(paths, from), pattern);
  await fill(volumeDiskPath(paths, from, 'data'), pattern);
  const { nvram, tpm } = stateOf(from);
  await writeFile(nvram, `variables ${pattern}`);
  await mkdir(join(tpm, 'tpm2'), { recursive: true });
  await writeFile(join(tpm, 'tpm2/permall'), `seed ${pattern}`, { mode: 0o600 });
  await host.run(['chown', '-R', '65533:65533', tpm]);
};

/** What a guest would read, of the image below too, and what firmware and TPM would. */
const holds = async (id: string): Promise<string> => {
  const script =
    'for disk in "$1" "$2"; do qemu-img convert -O raw "$disk" "$5"; sha256sum < "$5"; done; cat "$3"; find "$4" -printf "%P %m %U\\n" -type f -exec cat {} \\;';
  const { nvram, tpm } = stateOf(id);
  return sh(script, guestDiskPath(paths, id), volumeDiskPath(paths, id, 'data'), nvram, tpm, join(folder, 'raw'));
};
const backing = async (id: string): Promise<unknown> => {
  const { stdout } = await host.run(['qemu-img', 'info', '--output=json', guestDiskPath(paths, id)]);
  return (JSON.parse(stdout) as Record<string, unknown>)['backing-filename'];
};
/** All that is anywhere of the new one. */
const left = (): Promise<string> => sh('find "$1" -name "*$2*"', folder, to);

const copy = (parts: { readonly snapshot?: string } = {}) => ({
  from,
  to,
  snapshot: parts.snapshot,
  state: stateOf(to),
});
const begin = (of = copy(), held = false): Promise<void> =>
  copyMachine(host, paths, of, { state: stateOf(from), held });
const keep = (of = copy()): Promise<void> =>
  keepMachineClone(host, paths, of, { state: stateOf(from) }, { image: 'of the other' });
const remove = (): Promise<void> => removeMachineClone(host, paths, copy());

describe('a machine that begins with what another one holds', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'test-machine-clone-'));
    paths = pathsUnder(folder);
    await host.files.makeDirectory(paths.state, 0o755);
    await makeQcow2(host, base(), 8 * MiB);
    await fill(base(), 7, '0');
  });
  beforeEach(async () => {
    await createGuestDisk(host, paths, { id: from, sizeBytes: 8 * MiB, backing: base() });
    await createVolumeDisk(host, paths, from, { name: 'data', sizeBytes: 4 * MiB });
    await mkdir(join(folder, 'libvirt'));
    await change(1);
  });
  afterEach(async () => {
    await remove();
    await remove();
    expect(await left()).toBe('');
    await destroyGuestDisk(host, paths, from);
    await destroyVolumes(host, paths, from);
    await rm(join(folder, 'libvirt'), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([false, true])('holds just that, over the same image, and is independent of it: held %s', async (held) => {
    const wanted = await holds(from);
    await begin(copy(), held);
    expect(await machineCloneNote(host, paths, to)).toBeUndefined();
    await keep();
    expect(await machineCloneNote(host, paths, to)).toEqual({ image: 'of the other' });
    expect(await holds(to)).toBe(wanted);
    expect(await backing(to)).toBe(base());
    expect((await host.files.facts(guestDiskPath(paths, to)))?.mode).toBe(0o600);
    expect((await host.files.list(guestDiskFolder(paths, to))).sort()).toEqual(['clone.json', 'root.qcow2']);
    await change(2);
    expect(await holds(to)).toBe(wanted);
    expect(await holds(from)).not.toBe(wanted);
  });

  it('is not made anew once it is whole', async () => {
    const wanted = await holds(from);
    await begin();
    await keep();
    await change(2);
    await begin();
    await keep();
    expect(await holds(to)).toBe(wanted);
  });

  it('holds what was kept in a snapshot, whatever the other one does meanwhile', async () => {
    const wanted = await holds(from);
    const ref = { machine: from, id: snapshot };
    await copyMachineSnapshot(host, paths, ref, { note: { id: snapshot }, state: stateOf(from), held: false });
    await keepMachineSnapshot(host, paths, ref);
    await change(2);
    const writer = host.spawn(['qemu-io', '-f', 'qcow2', guestDiskPath(paths, from)]);
    await new Promise((resolve) => void writer.stdout.once('data', resolve));
    await begin(copy({ snapshot }));
    await keep(copy({ snapshot }));
    writer.stdin.end('quit\n');
    await writer.exit;
    expect(await holds(to)).toBe(wanted);
  });

  it.each([
    ['half of a copy', 'echo half > "$1.new"'],
    [
      'a copy of an earlier moment, of which one disk has its name',
      'cp "$2" "$1"; echo half > "$3"; mkdir -p "$4/old"',
    ],
  ])('is begun anew over %s', async (_title, script) => {
    await begin();
    const { nvram, tpm } = stateOf(to);
    await sh(script, guestDiskPath(paths, to), volumeDiskPath(paths, from, 'data'), nvram, tpm);
    await begin();
    await keep();
    expect(await holds(to)).toBe(await holds(from));
  });

  it('has no variables and no TPM where the other one has none', async () => {
    const { nvram, tpm } = stateOf(from);
    await sh('rm -r "$1" "$2"', nvram, tpm);
    await begin();
    await keep();
    expect((await left()).trim().split('\n')).toEqual([
      expect.stringMatching(/\/(disks|volumes)\//),
      expect.stringMatching(/\/(disks|volumes)\//),
    ]);
  });

  it('is refused while somebody writes into a disk of the other, without a disk, and of a snapshot that is not there', async () => {
    const writer = host.spawn(['qemu-io', '-f', 'qcow2', volumeDiskPath(paths, from, 'data')]);
    await new Promise((resolve) => void writer.stdout.once('data', resolve));
    await expect(begin()).rejects.toMatchObject({ code: 'conflict' });
    writer.stdin.end('quit\n');
    await writer.exit;
    await expect(begin(copy({ snapshot }))).rejects.toMatchObject({ code: 'not_found' });
    await expect(begin(copy({ snapshot: '../x' }))).rejects.toMatchObject({ code: 'internal' });
    await rm(guestDiskPath(paths, from));
    await expect(begin()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('leaves nothing of its disks when a part cannot be copied', async () => {
    const disk = volumeDiskPath(paths, from, 'data');
    await sh('rm "$1"; ln -s /etc/passwd "$1"', disk);
    await expect(begin(copy(), true)).rejects.toMatchObject({ code: 'host_error' });
    expect(await host.files.list(guestDiskFolder(paths, to))).toEqual([]);
  });
});

it('a disk says whether anything was written into it', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'test-written-')), 'disk.qcow2');
  await makeQcow2(host, path, 10 * 1024 * MiB);
  expect(await isWrittenInto(host, path)).toBe(false);
  await fill(path, 1, '9G');
  expect(await isWrittenInto(host, path)).toBe(true);
  await rm(join(path, '..'), { recursive: true });
});
