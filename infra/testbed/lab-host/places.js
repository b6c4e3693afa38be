/** Where things of the lab host are kept, outside of the tree. @module */

const cache = process.env.INNKEEPER_LAB_CACHE ?? '/var/cache/innkeeper-lab';

export const port = Number(process.env.INNKEEPER_LAB_PORT ?? 2229);
export const memoryMegabytes = Number(process.env.INNKEEPER_LAB_MEMORY ?? 4096);

/** Made once and used for every disk, so that a cached disk can always be entered. */
export const sshKey = `${cache}/id_ed25519`;

/** @param {string} key */
export const diskFolder = (key) => `${cache}/debian-13-${key}`;

/** Of the one machine that runs. */
export const running = {
  folder: `${cache}/running`,
  disk: `${cache}/running/disk.qcow2`,
  pid: `${cache}/running/pid`,
  console: `${cache}/running/console.log`,
};
export { cache };
