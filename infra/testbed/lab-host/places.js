/** Which machine is meant, and where its things are kept, outside of the tree. @module */

import { releases } from './recipe.js';

const { INNKEEPER_LAB_CACHE, INNKEEPER_LAB_PORT, INNKEEPER_LAB_MEMORY, INNKEEPER_LAB_RELEASE, INNKEEPER_LAB_DISK } =
  process.env;
const cache = INNKEEPER_LAB_CACHE ?? '/var/cache/innkeeper-lab';

export const port = Number(INNKEEPER_LAB_PORT ?? 2229);
export const memoryMegabytes = Number(INNKEEPER_LAB_MEMORY ?? 4096);

/** @returns {keyof typeof releases} */
const chosenRelease = () => {
  const found = [12, 13].find((one) => String(one) === (INNKEEPER_LAB_RELEASE ?? '13'));
  if (found === undefined) throw new Error(`INNKEEPER_LAB_RELEASE is ${INNKEEPER_LAB_RELEASE}, neither 12 nor 13`);
  return /** @type {keyof typeof releases} */ (found);
};

/** @returns {import('./recipe.js').Kind} */
const chosenKind = () => {
  const kind = INNKEEPER_LAB_DISK ?? 'equipped';
  if (kind !== 'fresh' && kind !== 'equipped')
    throw new Error(`INNKEEPER_LAB_DISK is ${kind}, neither fresh nor equipped`);
  return kind;
};

export const machine = () => ({ release: chosenRelease(), kind: chosenKind() });

/** Made once and used for every disk, so that a cached disk can always be entered. */
export const sshKey = `${cache}/id_ed25519`;

/** @param {ReturnType<typeof machine>} machine @param {string} key */
export const diskFolder = ({ release, kind }, key) => `${cache}/debian-${release}-${kind}-${key}`;

/** Of the one machine that runs. */
export const running = {
  folder: `${cache}/running`,
  disk: `${cache}/running/disk.qcow2`,
  data: `${cache}/running/data.raw`,
  pid: `${cache}/running/pid`,
  console: `${cache}/running/console.log`,
};
export { cache };
