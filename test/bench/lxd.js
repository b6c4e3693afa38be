/**
 * LXD, the peer that is measured beside us: a daemon of its own in a directory of its own, a btrfs pool on a loop device,
 * and an image imported from the same root file system.
 */
import { localHost } from '@innkeeper/host';

const host = localHost('lxd');
const image = 'bench';
const pool = 'bench';
const mostSeconds = 60;

const metadata = (/** @type {string} */ arch) =>
  `architecture: ${arch}\ncreation_date: 1700000000\nproperties: {description: bench, os: debian, release: bookworm}\n`;

/**
 * Undefined, with the reason, where LXD is not installed. `rootfs` is a tar file of the image's tree.
 * @param {{ directory: string, rootfs: string, bridge: string }} options
 */
export const openLxd = async ({ directory, rootfs, bridge }) => {
  const env = { LXD_DIR: directory, HOME: directory };
  const lxc = (/** @type {string[]} */ ...args) => host.run(['lxc', ...args], { env, timeoutMs: 120_000 });
  const there = await host.run(['which', 'lxd', 'lxc', 'mkfs.btrfs'], { expect: [0, 1] });
  if (there.exitCode !== 0)
    return { reason: 'lxd, lxc or mkfs.btrfs is not installed (Debian 12: lxd lxd-client btrfs-progs)' };
  await host.files.makeDirectory(directory, 0o711);
  const pid = await host.daemon(['lxd', '--group', 'root', '--logfile', `${directory}/lxd.log`], {
    log: `${directory}/lxd.out`,
    env,
  });
  const close = async () => {
    await lxc('image', 'delete', image).catch(() => undefined);
    await lxc('profile', 'device', 'remove', 'default', 'root').catch(() => undefined);
    await lxc('storage', 'delete', pool).catch(() => undefined);
    await host.run(['lxd', 'shutdown', '--timeout', '30'], { env }).catch(() => process.kill(pid, 'SIGTERM'));
    for (const name of ['shmounts', 'devlxd', 'guestapi'])
      await host.run(['umount', '-l', `${directory}/${name}`], { expect: [0, 1, 32] });
    await host.files.remove(directory);
  };
  try {
    await host.run(['lxd', 'waitready', '--timeout', String(mostSeconds)], {
      env,
      timeoutMs: (mostSeconds + 5) * 1000,
    });
    await lxc('storage', 'create', pool, 'btrfs', 'size=5GiB');
    await lxc('profile', 'device', 'add', 'default', 'root', 'disk', 'path=/', `pool=${pool}`);
    await lxc('profile', 'device', 'add', 'default', 'eth0', 'nic', 'nictype=bridged', `parent=${bridge}`);
    await host.files.write(`${directory}/metadata.yaml`, metadata(process.arch === 'arm64' ? 'aarch64' : 'x86_64'));
    await host.run(['tar', '-C', directory, '-cf', `${directory}/metadata.tar`, 'metadata.yaml']);
    await lxc('image', 'import', `${directory}/metadata.tar`, rootfs, '--alias', image);
  } catch (error) {
    await close();
    return { reason: `LXD does not start here: ${error instanceof Error ? error.message : String(error)}` };
  }
  return {
    /** From the command to a running container; milliseconds. */
    launch: async (/** @type {string} */ name) => {
      const began = performance.now();
      await lxc('launch', image, name);
      return performance.now() - began;
    },
    /** From the command to a running copy; milliseconds. */
    copy: async (/** @type {string} */ name, /** @type {string} */ to) => {
      const began = performance.now();
      await lxc('copy', name, to);
      await lxc('start', to);
      return performance.now() - began;
    },
    exec: (/** @type {string} */ name, /** @type {string[]} */ command) => lxc('exec', name, '--', ...command),
    remove: (/** @type {string} */ name) => lxc('delete', '--force', name),
    close,
  };
};
