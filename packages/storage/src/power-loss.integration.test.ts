import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localHost } from '@innkeeper/host';
import { type Paths, pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerRootPath, createContainerRoot, mountContainerRoot } from './container-root.ts';
import { unmountBelow } from './mounts.ts';
import {
  clearSwappedRoot,
  copyRootSnapshot,
  keepRootSnapshot,
  listRootSnapshots,
  removeRootSnapshot,
  swapRootSnapshot,
} from './root-snapshots.ts';
import { createVolumeDirectory, volumeDirectoryPath } from './volumes.ts';

/** How many times the power is lost; `INNKEEPER_POWER_LOSSES` says another number. */
const losses = Number(process.env.INNKEEPER_POWER_LOSSES ?? 10);
const host = localHost('test');
const root = '00000000-0000-4000-8000-00000000f12b';
const uidStart = 0x7f20_0000;
let folder = '';

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words], { timeoutMs: 120_000 })).stdout;

/** A file system in a file: what is written to it but not asked to be on the disk is lost with the power. */
const mountFile = (file: string, place: string): Promise<string> => sh('mount -o loop "$1" "$2"', file, place);

/** What is told of what a container and its volume hold. */
const portrait = (state: Paths): Promise<string> =>
  sh(
    'for tree; do cd "$tree"; find . -type f -exec sha256sum {} + | sort -k 2; find . -printf "%p %y %m %U %s\\n" | grep -v " d " | sort; done',
    containerRootPath(state, root),
    volumeDirectoryPath(state, root, 'data'),
  );

const snapshotId = (count: number): string => `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;

/** What was said to be kept, and looked like this. */
type Kept = Map<string, string>;

/** A copy of the disk as it was at one moment, with what had been said to be kept before. */
interface Loss {
  readonly file: string;
  readonly kept: Kept;
}

describe('a host that loses power', () => {
  const place = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'test-power-loss-'));
    await host.files.chmod(folder, 0o755);
    for (const name of ['disks', 'now', 'later', 'image/etc', 'image/dev', 'image/root'])
      await mkdir(place(name), { recursive: true });
    await writeFile(place('image/etc/kept'), 'of the image');
    // A copy that shares its data with the file is made at one moment, also while the file is written.
    await sh('truncate -s 2G "$1.img"; mkfs.btrfs -q "$1.img"', place('disks'));
    await mountFile(place('disks.img'), place('disks'));
    await sh('truncate -s 512M "$1"; mkfs.ext4 -q "$1"', place('disks/disk'));
    await mountFile(place('disks/disk'), place('now'));
  });

  afterAll(async () => {
    await unmountBelow(host, folder);
    await rm(folder, { recursive: true, force: true });
  });

  /** Writes, keeps, goes back and removes until it is told to stop; what is being removed counts as kept no more. */
  const workUntil = async (state: Paths, kept: Kept, stopped: () => boolean): Promise<void> => {
    for (let count = 1; !stopped(); count += 1) {
      await sh(
        `dd if=/dev/urandom of="$1/root/file-$3" bs=64k count=$(( $3 % 7 + 1 )) status=none
        echo "$3" > "$1/etc/kept"; rm -f "$1/root/file-$(( $3 - 3 ))"; dd if=/dev/urandom of="$2/data" bs=64k count=4 status=none`,
        containerRootPath(state, root),
        volumeDirectoryPath(state, root, 'data'),
        String(count),
      );
      const ref = { root, id: snapshotId(count) };
      const looked = await portrait(state);
      await copyRootSnapshot(host, state, ref, { id: ref.id, name: `number-${count}` });
      await keepRootSnapshot(host, state, ref);
      kept.set(ref.id, looked);
      const [oldest] = kept.keys();
      if (kept.size > 4 && oldest !== undefined) {
        kept.delete(oldest);
        await removeRootSnapshot(host, state, { root, id: oldest });
      }
      if (count % 3 > 0) continue;
      await unmountBelow(host, `${state.state}/roots`);
      const back = { root, id: [...kept.keys()][0] ?? ref.id };
      await swapRootSnapshot(host, state, back);
      await clearSwappedRoot(host, state, back);
      await mountContainerRoot(host, state, root);
    }
  };

  const cutPower = async (kept: Kept, count: number): Promise<Loss> => {
    await delay(50 + Math.random() * 500);
    // What is kept, or begun to be removed, while the copy is made does not count.
    const before = new Map(kept);
    const file = place(`disks/lost-${count}`);
    await host.run(['cp', '--reflink=always', '--', place('disks/disk'), file]);
    return { file, kept: new Map([...before].filter(([id]) => kept.has(id))) };
  };

  /** Each of them is there, and is what it was when it is gone back to. */
  const checkLoss = async ({ file, kept }: Loss): Promise<void> => {
    await mountFile(file, place('later'));
    try {
      const state = pathsUnder(place('later'));
      const listed = new Set((await listRootSnapshots(host, state, root)).map(({ id }) => id));
      for (const [id, looked] of kept) {
        expect(listed).toContain(id);
        await swapRootSnapshot(host, state, { root, id });
        await clearSwappedRoot(host, state, { root, id });
        await mountContainerRoot(host, state, root);
        expect(await portrait(state)).toBe(looked);
        await unmountBelow(host, `${state.state}/roots`);
      }
    } finally {
      await unmountBelow(host, place('later'));
    }
  };

  it(`has every snapshot that was said to be kept, ${losses} times at a random moment`, async () => {
    const state = pathsUnder(place('now'));
    await host.files.makeDirectory(state.state, 0o755);
    await createContainerRoot(host, state, { id: root, lower: place('image'), uidStart, files: {} });
    await createVolumeDirectory(host, state, root, { name: 'data', owner: uidStart, sizeBytes: 2 ** 20 });
    await mountContainerRoot(host, state, root);
    const kept: Kept = new Map();
    let stopped = false;
    const working = workUntil(state, kept, () => stopped);
    const lost: Loss[] = [];
    while (lost.length < losses) lost.push(await cutPower(kept, lost.length));
    stopped = true;
    await working;
    await unmountBelow(host, place('now'));
    expect(lost.some((one) => one.kept.size > 1)).toBe(true);
    for (const one of lost) await checkLoss(one);
  }, 600_000);
});
