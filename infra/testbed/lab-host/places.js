/** Which machine is meant, and where its things are kept, outside of the tree. @module */

import { releases } from './recipe.js';

const env = process.env;
const cache = env.INNKEEPER_LAB_CACHE ?? '/var/cache/innkeeper-lab';

export const port = Number(env.INNKEEPER_LAB_PORT ?? 2229);
export const memoryMegabytes = Number(env.INNKEEPER_LAB_MEMORY ?? 4096);

/** @returns {keyof typeof releases} */
const chosenRelease = () => {
  const found = [12, 13].find((one) => String(one) === (env.INNKEEPER_LAB_RELEASE ?? '13'));
  if (found === undefined) throw new Error(`INNKEEPER_LAB_RELEASE is ${env.INNKEEPER_LAB_RELEASE}, neither 12 nor 13`);
  return /** @type {keyof typeof releases} */ (found);
};

/** @returns {import('./recipe.js').Kind} */
const chosenKind = () => {
  const kind = env.INNKEEPER_LAB_DISK ?? 'equipped';
  if (kind !== 'fresh' && kind !== 'equipped')
    throw new Error(`INNKEEPER_LAB_DISK is ${kind}, neither fresh nor equipped`);
  return kind;
};

export const machine = () => ({ release: chosenRelease(), kind: chosenKind() });

/** Made once and used for every disk, so that a cached disk can always be entered. */
export const sshKey = `${cache}/id_ed25519`;

/** @param {ReturnType<typeof machine>} machine @param {string} key */
export const diskFolder = ({ release, kind }, key) => `${cache}/debian-${release}-${kind}-${key}`;

const runningPrefix = 'running-';

/** @param {string} folder */
const placesIn = (folder) => ({
  folder,
  disk: `${folder}/disk.qcow2`,
  data: `${folder}/data.raw`,
  pid: `${folder}/pid`,
  console: `${folder}/console.log`,
});

/** @typedef {ReturnType<typeof placesIn>} Running */

/** Of the machine that runs behind this port; others may run behind others. */
export const running = placesIn(`${cache}/${runningPrefix}${port}`);

/** Of every machine that was started, whatever its port. @param {import('@innkeeper/host').Host} host */
export const allRunning = async (host) =>
  (await host.files.list(cache))
    .filter((name) => name.startsWith(runningPrefix))
    .map((name) => placesIn(`${cache}/${name}`));
export { cache };
