import { mkdir, writeFile } from 'node:fs/promises';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGuestDisk, destroyGuestDisk, guestDiskPath, makeQcow2 } from '../disk.ts';
import { layout } from '../layout.ts';
import { copyMachineSnapshot, keepMachineSnapshot, listMachineSnapshots } from '../machine-snapshots.ts';
import { addPool } from '../pools/pool.ts';
import { createSeedDisk, seedDiskPath } from '../seed.ts';
import { sweepImages } from '../stored/sweep.ts';
import { createVolumeDisk, destroyVolumes, volumeDiskPath } from '../volumes.ts';
import {
  machineMoment,
  receiveMachine,
  removeMachineMoment,
  removeReceivedMachine,
  viewMachineMoment,
  volumesOfMachineMoment,
} from './machine-backup.ts';
import { imageOfMachine, kernelOfMachine } from './machine-image.ts';
import { ensureRepository, fetchParcel, type Sent, sendParcel } from './repository.ts';
import type { Repository } from './restic.ts';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-machine-backup';
const paths = pathsUnder(folder);
const from = '00000000-0000-4000-8000-00000000b22d';
const to = '00000000-0000-4000-8000-00000000b22e';
const moment = '00000000-0000-4000-8000-000000000001';
const at = new Date('2026-11-26T12:00:00Z');
const MiB = 2 ** 20;
const key = 'abcdef0123456789';
const base = `${layout(paths).disks}/base`;

const repository: Repository = {
  name: 'shelf',
  address: `${folder}/shelf`,
  password: 'words that nobody knows',
  variables: {},
};

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;
const fill = (path: string, pattern: number, at: string): Promise<unknown> =>
  host.run(['qemu-io', '-f', 'qcow2', '-c', `write -P ${pattern} ${at} 64k`, path]);

const stateOf = (id: string) => ({ nvram: `${folder}/libvirt/${id}_VARS.fd`, tpm: `${folder}/libvirt/${id}` });

/** What a guest would read, of the image below too, and what firmware and TPM would. */
const holds = async (id: string): Promise<string> => {
  const { nvram, tpm } = stateOf(id);
  const disks = [guestDiskPath(paths, id), volumeDiskPath(paths, id, 'data')];
  return sh(
    `for disk in "$1" "$2"; do qemu-img convert -f qcow2 -O raw "$disk" "$5/raw"; sha256sum < "$5/raw"; rm "$5/raw"; done
    cat "$3"; cd "$4"; find . -printf '%P %m %U %G\\n' | sort; find . -type f -exec cat {} +`,
    ...disks,
    nvram,
    tpm,
    folder,
  );
};

interface Backed {
  readonly held: Sent;
  readonly image: (Sent & { readonly identity: string }) | undefined;
}

const send = async (machine: string): Promise<Backed> => {
  const ref = machineMoment(machine, moment);
  await copyMachineSnapshot(host, paths, ref, { note: { id: moment }, state: stateOf(machine), held: false });
  await keepMachineSnapshot(host, paths, ref);
  expect(await listMachineSnapshots(host, paths, machine)).toEqual([]);
  const found = await imageOfMachine(host, paths, machine);
  const parcel = { tags: ['x'], of: 'web', at };
  const image =
    found === undefined
      ? undefined
      : {
          identity: found.identity,
          ...(await sendParcel(host, paths, repository, { ...parcel, entries: found.entries }, { cwd: found.folder })),
        };
  const view = await viewMachineMoment(host, paths, {
    machine,
    id: moment,
    beside: { 'manifest.json': 'what it is\n' },
  });
  const { words, entries } = view;
  const held = await sendParcel(host, paths, repository, { ...parcel, entries }, { words });
  await removeMachineMoment(host, paths, machine, moment);
  await removeMachineMoment(host, paths, machine, moment);
  return { held, image };
};

const receive = (
  { held, image }: Backed,
  {
    spoil = async () => undefined,
    fresh = false,
    pool,
  }: {
    readonly spoil?: (received: string) => Promise<unknown>;
    readonly fresh?: boolean;
    readonly pool?: string;
  } = {},
): Promise<void> =>
  receiveMachine(
    host,
    paths,
    { id: to, volumes: ['data'], image: image?.identity, state: stateOf(to), fresh, pool },
    {
      image: (cwd) => fetchParcel(host, paths, repository, image?.snapshot ?? '', { cwd }),
      held: async ({ words }) => {
        await fetchParcel(host, paths, repository, held.snapshot, { words });
        await spoil(`${layout(paths).disks}/${to}/received`);
      },
    },
  );

const remove = (id: string): Promise<void> => removeReceivedMachine(host, paths, { id, state: stateOf(id) });

const build = async (pattern: number): Promise<void> => {
  await mkdir(base, { recursive: true, mode: 0o711 });
  await makeQcow2(host, `${base}/${key}.qcow2`, 8 * MiB);
  await fill(`${base}/${key}.qcow2`, pattern, '0');
  await sh(
    'mkdir -p "$1"; echo kernel > "$1/vmlinuz"; echo initrd > "$1/initrd.img"',
    `${layout(paths).kernels}/${key}`,
  );
};

const make = async (backing: string | undefined): Promise<void> => {
  await createGuestDisk(host, paths, { id: from, sizeBytes: 16 * MiB, backing });
  await createVolumeDisk(host, paths, from, { name: 'data', sizeBytes: 4 * MiB });
  await fill(guestDiskPath(paths, from), 1, '1M');
  await fill(volumeDiskPath(paths, from, 'data'), 2, '2M');
  const { nvram, tpm } = stateOf(from);
  await mkdir(`${tpm}/tpm2`, { recursive: true });
  await writeFile(nvram, 'variables\n');
  await writeFile(`${tpm}/tpm2/permall`, 'seed\n', { mode: 0o600 });
  await host.run(['chown', '-R', '65533:65533', tpm]);
};

beforeAll(async () => {
  await host.files.remove(folder);
  await mkdir(paths.state, { recursive: true });
  await ensureRepository(host, paths, repository);
});

afterEach(async () => {
  for (const id of [from, to]) await remove(id);
  await host.files.remove(base);
  await host.files.remove(layout(paths).kernels);
});

afterAll(() => host.files.remove(folder));

describe('what a machine held, out of a repository', () => {
  it('is the same when machine and image are gone: disks over their image, its kernel, variables, TPM', async () => {
    await build(7);
    await make(`${base}/${key}.qcow2`);
    const before = await holds(from);
    const backed = await send(from);
    expect(await host.files.list(`${layout(paths).disks}/${from}`)).toEqual(['root.qcow2']);
    await remove(from);
    await host.files.remove(base);
    await host.files.remove(layout(paths).kernels);
    await receive(backed);
    await receive(backed);
    expect(await holds(to)).toBe(before);
    expect(await host.files.list(`${layout(paths).disks}/${to}`)).toEqual(['root.qcow2']);
    expect((await host.files.facts(guestDiskPath(paths, to)))?.mode).toBe(0o600);
    const identity = backed.image?.identity ?? '';
    expect(await host.files.list(base)).toEqual([`${identity}.qcow2`]);
    const kernel = await kernelOfMachine(host, paths, to);
    expect(kernel).toMatchObject({ kernel: `${layout(paths).kernels}/${identity}/vmlinuz` });
    expect(await host.files.readText(kernel?.initrd ?? '')).toBe('initrd\n');
  });

  it('stands on the image that the host has still, and is sent with hardly anything added', async () => {
    await build(7);
    await make(`${base}/${key}.qcow2`);
    const before = await holds(from);
    const backed = await send(from);
    await receive({ ...backed, image: backed.image && { ...backed.image, snapshot: 'ffffffff' } });
    expect(await holds(to)).toBe(before);
    expect(await host.files.list(base)).toEqual([`${key}.qcow2`]);
    expect((await send(to)).image?.identity).toBe(backed.image?.identity);
    expect((await send(to)).held.addedBytes).toBeLessThan(20_000);
  });

  it('does not stand on another build of an image of the same name', async () => {
    await build(7);
    await make(`${base}/${key}.qcow2`);
    const before = await holds(from);
    const backed = await send(from);
    await host.files.remove(base);
    await build(8);
    await receive(backed);
    expect(await holds(to)).toBe(before);
    expect(await host.files.list(base)).toHaveLength(2);
  });

  it('keeps its image until it is gone itself', async () => {
    await build(7);
    await make(`${base}/${key}.qcow2`);
    const backed = await send(from);
    await remove(from);
    await host.files.remove(base);
    const identity = backed.image?.identity ?? '';
    const images = async () => [await host.files.list(base), await host.files.list(layout(paths).kernels)];
    await receive(backed, { spoil: () => sweepImages(host, paths) });
    await sweepImages(host, paths);
    expect(await images()).toEqual([[`${identity}.qcow2`], expect.arrayContaining([identity])]);
    await remove(to);
    await sweepImages(host, paths);
    expect(await images()).toEqual([[], [key]]);
  });

  it('needs no image where its disk began empty, and has no variables where there were none', async () => {
    await make(undefined);
    const before = await holds(from);
    const { nvram } = stateOf(from);
    const backed = await send(from);
    expect(backed.image).toBeUndefined();
    await receive(backed);
    expect(await holds(to)).toBe(before);
    await host.files.remove(nvram);
    const without = await send(from);
    await remove(to);
    await receive(without);
    expect(await host.files.facts(stateOf(to).nvram)).toBeUndefined();
    expect(await volumesOfMachineMoment(host, paths, to, moment)).toEqual([]);
  });
});

describe('a machine that is to stand in a pool', () => {
  it('lies there with its volumes, and is gone from there when it is taken back', async () => {
    const far = `${folder}/far`;
    await mkdir(far);
    await addPool(host, paths, { name: 'far', path: far });
    await make(undefined);
    const before = await holds(from);
    const backed = await send(from);
    await receive(backed, { pool: 'far' });
    expect(await holds(to)).toBe(before);
    const places = async () => [await host.files.list(`${far}/disks`), await host.files.list(`${far}/volumes`)];
    expect(await places()).toEqual([[to], [to]]);
    await remove(to);
    expect(await places()).toEqual([[], []]);
  });
});

describe('what a machine was told at its first boot', () => {
  it('stays with it, and is not told to somebody else', async () => {
    await make(undefined);
    await createSeedDisk(host, paths, from, { 'meta-data': 'who it is' });
    const told = await host.files.read(seedDiskPath(paths, from));
    const backed = await send(from);
    await receive(backed);
    expect(Buffer.compare(await host.files.read(seedDiskPath(paths, to)), told)).toBe(0);
    expect((await host.files.facts(seedDiskPath(paths, to)))?.mode).toBe(0o600);
    await remove(to);
    await receive(backed, { fresh: true });
    expect(await host.files.list(`${layout(paths).disks}/${to}`)).toEqual(['root.qcow2']);
  });
});

describe('what comes from a repository', () => {
  it('is read from no file of the host, whatever its disks name', async () => {
    await make(undefined);
    const before = await holds(from);
    const backed = await send(from);
    await writeFile(`${folder}/secret`, 'S'.repeat(MiB));
    const name = (disk: string) =>
      host.run(['qemu-img', 'rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', `${folder}/secret`, disk]);
    await receive(backed, {
      spoil: async (received) => {
        await name(`${received}/disk.qcow2`);
        await name(`${received}/volumes/data.qcow2`);
      },
    });
    expect(await holds(to)).toBe(before);
  });

  it.each([
    ['is no qcow2', 'printf none > "$1/disk.qcow2"', 'its disk is no qcow2'],
    ['is a link', 'mv "$1/disk.qcow2" "$1/x"; ln -s x "$1/disk.qcow2"', 'its disk is not in it'],
    [
      'has its data in another file',
      'rm "$1/volumes/data.qcow2"; qemu-img create -q -f qcow2 -o data_file="$1/raw",data_file_raw=on "$1/volumes/data.qcow2" 1M',
      'the volume data has its data in another file',
    ],
    ['lacks a volume', 'rm "$1/volumes/data.qcow2"', 'the volume data is not in it'],
  ])('is refused when a disk %s, and nothing is left of it', async (_title, script, said) => {
    await make(undefined);
    const backed = await send(from);
    await expect(receive(backed, { spoil: (received) => sh(script, received) })).rejects.toThrow(said);
    expect(await host.files.facts(guestDiskPath(paths, to))).toBeUndefined();
    await receive(backed);
    await remove(to);
    await remove(to);
    for (const gone of [guestDiskPath(paths, to), ...Object.values(stateOf(to))])
      expect(await host.files.facts(gone)).toBeUndefined();
  });
});

describe('a machine that stands on something else than an image', () => {
  it('is not sent', async () => {
    await makeQcow2(host, `${folder}/other.qcow2`, MiB);
    await make(`${folder}/other.qcow2`);
    await expect(imageOfMachine(host, paths, from)).rejects.toMatchObject({ code: 'unsupported' });
    await destroyGuestDisk(host, paths, from);
    await destroyVolumes(host, paths, from);
    await expect(imageOfMachine(host, paths, from)).rejects.toMatchObject({ code: 'not_found' });
  });
});
