import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGuestDisk, destroyGuestDisk, diskSize, guestDiskPath, makeQcow2, resizeQcow2 } from './disk.ts';
import {
  clearSwappedMachine,
  copyMachineSnapshot,
  dropHalfMachineSnapshot,
  isMachineSnapshotKept,
  isMachineSwapped,
  keepMachineSnapshot,
  listMachineSnapshots,
  removeMachineSnapshot,
  swapBackMachine,
  swapMachineSnapshot,
} from './machine-snapshots.ts';
import { createVolumeDisk, destroyVolumes, volumeDiskPath } from './volumes.ts';

const host = localHost('test');
const machine = '00000000-0000-4000-8000-00000000f12b';
const first = { machine, id: '00000000-0000-4000-8000-000000000001' };
const second = { machine, id: '00000000-0000-4000-8000-000000000002' };
const MiB = 2 ** 20;
let folder = '';
let paths = pathsUnder('');
let state = { nvram: '', tpm: '' };

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;

const disk = (): string => guestDiskPath(paths, machine);
const volume = (): string => volumeDiskPath(paths, machine, 'data');

const fill = (path: string, pattern: number, at = '1M'): Promise<unknown> =>
  host.run(['qemu-io', '-f', 'qcow2', '-c', `write -P ${pattern} ${at} 64k`, path]);

/** What a guest would read, of the image below too, and what firmware and TPM would. */
const holds = async (): Promise<string> => {
  const disks = [disk(), volume()].map(async (path) => {
    const raw = join(folder, 'raw');
    await host.run(['qemu-img', 'convert', '-O', 'raw', path, `${raw}-${path === disk()}`]);
    return sh('sha256sum < "$1"', `${raw}-${path === disk()}`);
  });
  const small = sh(
    'cat "$1" 2>&1 || true; find "$2" -type f -printf "%P %m %U " -exec cat {} \\; 2>&1 || true',
    state.nvram,
    state.tpm,
  );
  return [...(await Promise.all(disks)), await small].join('--\n');
};

const change = async (pattern: number): Promise<void> => {
  await fill(disk(), pattern);
  await fill(volume(), pattern);
  await writeFile(state.nvram, `variables ${pattern}`);
  await mkdir(join(state.tpm, 'tpm2'), { recursive: true });
  await writeFile(join(state.tpm, 'tpm2/permall'), `seed ${pattern}`, { mode: 0o600 });
  await host.run(['chown', '-R', '65533:65533', state.tpm]);
};

const take = async (ref = first, held = false): Promise<void> => {
  await copyMachineSnapshot(host, paths, ref, { note: { id: ref.id, name: 'one' }, state, held });
  await keepMachineSnapshot(host, paths, ref);
};
const swap = (ref = first): Promise<void> => swapMachineSnapshot(host, paths, ref, state);
const back = (ref = first): Promise<void> => swapBackMachine(host, paths, ref, state);
const clear = (ref = first): Promise<void> => clearSwappedMachine(host, paths, ref);

const kept = (): string => `${paths.state}/disks/${machine}`;
const beside = async (): Promise<string> =>
  sh('ls "$1" "$2" "$(dirname "$3")" | sort', kept(), `${paths.state}/volumes/${machine}`, state.nvram);

describe('a snapshot of a machine', () => {
  let tidy = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'test-machine-snapshots-'));
    paths = pathsUnder(folder);
    await host.files.makeDirectory(paths.state, 0o755);
    const base = join(folder, 'base.qcow2');
    await makeQcow2(host, base, 8 * MiB);
    await fill(base, 7, '0');
  });
  beforeEach(async () => {
    await createGuestDisk(host, paths, { id: machine, sizeBytes: 8 * MiB, backing: join(folder, 'base.qcow2') });
    await createVolumeDisk(host, paths, machine, { name: 'data', sizeBytes: 4 * MiB });
    await mkdir(join(folder, 'libvirt'));
    state = { nvram: join(folder, 'libvirt/VARS.fd'), tpm: join(folder, 'libvirt/tpm') };
    await change(1);
    await mkdir(join(kept(), 'snapshots'), { mode: 0o700 });
    tidy = await beside();
  });
  afterEach(async () => {
    await destroyGuestDisk(host, paths, machine);
    await destroyVolumes(host, paths, machine);
    await rm(join(folder, 'libvirt'), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is gone back to exactly, more than once: disks over their image, variables, TPM', async () => {
    const before = await holds();
    await take();
    for (const pattern of [2, 3]) {
      await change(pattern);
      expect(await holds()).not.toBe(before);
      await swap();
      await clear();
      expect(await holds()).toBe(before);
      expect(await beside()).toBe(tidy);
    }
    expect((await host.files.facts(disk()))?.mode).toBe(0o600);
  });

  it('is taken back as well, as long as nobody has cleared what was before', async () => {
    await take();
    await change(2);
    const before = await holds();
    await swap();
    expect(await isMachineSwapped(host, paths, machine)).toBe(true);
    await swap();
    await back();
    await back();
    expect(await isMachineSwapped(host, paths, machine)).toBe(false);
    expect(await holds()).toBe(before);
    expect(await beside()).toBe(tidy);
  });

  it('has no variables and no TPM where there were none, and takes back that there are some, and the other way round', async () => {
    const wanted = await holds();
    await take(second);
    await sh('rm -r "$1" "$2"', state.nvram, state.tpm);
    await take(first);
    await change(2);
    const before = await holds();
    await swap(first);
    expect(await host.files.list(join(folder, 'libvirt'))).toEqual([]);
    await back(first);
    expect(await holds()).toBe(before);
    await swap(first);
    await clear(first);
    await swap(second);
    expect(await holds()).toBe(wanted);
    await back(second);
    expect(await host.files.list(join(folder, 'libvirt'))).toEqual([]);
  });

  it.each([
    ['before anything was exchanged', 'mkdir "$1/before.new"; cp "$1/snapshots/$2/disk.qcow2" "$3.new"', false],
    ['without its disk', 'mv "$3" "$3.old"; cp "$1/snapshots/$2/disk.qcow2" "$3.new"', true],
    ['with one of two exchanged', 'mv "$3" "$3.old"; cp "$1/snapshots/$2/disk.qcow2" "$3"', true],
    ['without variables', 'rm "$4"', true],
  ])('is gone back to, or not at all, when that ended in the middle: %s', async (_title, script, begun) => {
    const wanted = await holds();
    await take();
    await change(2);
    const before = await holds();
    const half = async (): Promise<void> => {
      if (begun)
        await sh(
          'mkdir "$1/before"; cp "$2" "$1/before/nvram"; cp -a "$3" "$1/before/tpm"',
          kept(),
          state.nvram,
          state.tpm,
        );
      await sh(script, kept(), first.id, disk(), state.nvram);
    };
    await half();
    await back();
    expect(await holds()).toBe(before);
    expect(await beside()).toBe(tidy);
    await half();
    await swap();
    await back();
    expect(await holds()).toBe(before);
    await half();
    await swap();
    await clear();
    expect(await holds()).toBe(wanted);
    expect(await beside()).toBe(tidy);
  });

  it('leaves what a clearing that was cut short has left to the next one, and never takes it back', async () => {
    await take();
    await change(2);
    await swap();
    const wanted = await holds();
    await sh('mv "$1/before" "$1/before.gone"', kept());
    await back();
    expect(await holds()).toBe(wanted);
    expect(await beside()).toBe(tidy);
  });

  it('is not seen before it is whole, and half of one is made anew or dropped', async () => {
    await copyMachineSnapshot(host, paths, first, { note: { id: first.id }, state, held: false });
    expect(await listMachineSnapshots(host, paths, machine)).toEqual([]);
    await expect(swap()).rejects.toMatchObject({ code: 'not_found' });
    await dropHalfMachineSnapshot(host, paths, first);
    expect(await host.files.list(`${kept()}/snapshots`)).toEqual([]);
    await take();
    await take();
    await dropHalfMachineSnapshot(host, paths, first);
    expect(await isMachineSnapshotKept(host, paths, first)).toBe(true);
    const [held, ...others] = await listMachineSnapshots(host, paths, machine);
    expect(held).toMatchObject({ id: first.id, note: { id: first.id, name: 'one' } });
    expect(held?.sizeBytes).toBeGreaterThan(64 * 1024);
    expect(others).toEqual([]);
  });

  it('leaves nothing of itself when a part cannot be copied', async () => {
    await rm(disk());
    await sh('ln -s /etc/passwd "$1"', disk());
    await expect(take(first, true)).rejects.toMatchObject({ code: 'host_error' });
    expect(await host.files.list(`${kept()}/snapshots`)).toEqual([]);
  });

  it('goes by itself, twice, and no other with it', async () => {
    await take(first);
    await change(2);
    const wanted = await holds();
    await take(second);
    await removeMachineSnapshot(host, paths, first);
    await removeMachineSnapshot(host, paths, first);
    expect((await listMachineSnapshots(host, paths, machine)).map(({ id }) => id)).toEqual([second.id]);
    await change(3);
    await swap(second);
    expect(await holds()).toBe(wanted);
    await expect(removeMachineSnapshot(host, paths, { machine, id: '../x' })).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('keeps the size to which a disk has grown since, and volumes that came later', async () => {
    await take();
    await resizeQcow2(host, disk(), 16 * MiB);
    await createVolumeDisk(host, paths, machine, { name: 'later', sizeBytes: MiB });
    const later = volumeDiskPath(paths, machine, 'later');
    await fill(later, 9, '0');
    await swap();
    await clear();
    expect(await diskSize(host, disk())).toBe(16 * MiB);
    await host.run(['qemu-io', '-r', '-f', 'qcow2', '-c', 'read -P 9 0 64k', later]);
    await host.run(['qemu-img', 'check', '-q', disk()]);
  });

  it('is refused while somebody writes into a disk, and keeps others from it meanwhile', async () => {
    await take();
    const writer = host.spawn(['qemu-io', '-f', 'qcow2', volume()]);
    await new Promise((resolve) => void writer.stdout.once('data', resolve));
    await expect(take(second)).rejects.toMatchObject({ code: 'conflict' });
    await expect(swap()).rejects.toMatchObject({ code: 'conflict' });
    expect(await beside()).toBe(tidy);
    // As a machine's QEMU has it that stands still.
    await take(second, true);
    writer.stdin.end('quit\n');
    await writer.exit;
    await swap();
  });
});
