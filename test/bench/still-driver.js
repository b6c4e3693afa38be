/**
 * A driver whose guests are files in a folder and whose acts do nothing else: what is left of an operation is its journal and
 * its queue. For benchmarks of these alone; loaded as `INNKEEPER_DRIVERS=@innkeeper/test`.
 */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { contractVersion, ownershipOf } from '@innkeeper/driver-contract';

const id = 'still';

/** @param {import('@innkeeper/driver-contract').DriverEnvironment} environment */
const open = ({ host, paths }) => {
  const folder = `${paths.state}/still`;
  const fileOf = (/** @type {string} */ uuid, /** @type {string} */ state) => `${folder}/${uuid}.${state}`;
  /** What the files say never changes, but for their names. @type {Map<string, object>} */
  const known = new Map();
  const move = async (/** @type {string} */ uuid, /** @type {string} */ from, /** @type {string} */ to) =>
    rename(fileOf(uuid, from), fileOf(uuid, to)).catch(() => undefined);
  /** Nothing when it was moved or removed meanwhile. */
  const read = async (/** @type {string} */ file) => {
    const [uuid = '', state] = file.split('.');
    const text = known.has(uuid) ? undefined : await readFile(`${folder}/${file}`, 'utf8').catch(() => undefined);
    if (text !== undefined) known.set(uuid, JSON.parse(text));
    return known.has(uuid) ? [{ ...known.get(uuid), state }] : [];
  };
  const list = async () => {
    const files = (await readdir(folder)).filter((file) => /\.(running|stopped)$/.test(file));
    return (await Promise.all(files.sort().map(read))).flat();
  };
  const fact = (/** @type {import('@innkeeper/model').Capability['value']} */ value) => ({
    value,
    evidence: 'a benchmark says so',
  });
  return {
    info: () => ({ id, backend: 'lxc', contract: contractVersion, placeable: true }),
    probe: async () => {
      await host.files.makeDirectory(folder, 0o700);
      return {
        driver: id,
        backend: 'lxc',
        placeable: true,
        healthy: true,
        versions: {},
        capabilities: { 'guest.os': fact(['linux']), 'limits.cpu': fact(true), 'limits.memory': fact(true) },
        images: ['debian/12'],
        networks: [],
      };
    },
    watch: async function* (/** @type {AbortSignal} */ signal) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    list,
    inspect: async (/** @type {{ uuid: string }} */ guest) =>
      (await list()).find((one) => 'uuid' in one && one.uuid === guest.uuid),
    stats: async () => new Map(),
    plan: ({ report: _report, ...order }) => ({
      name: order.name,
      uuid: order.uuid,
      mapping: [],
      warnings: [],
      definition: {
        driver: id,
        uuid: order.uuid,
        name: order.name,
        ownership: ownershipOf(order),
        cpus: order.spec.cpus,
        memoryBytes: order.spec.memoryBytes,
        addresses: [],
        macs: [],
        idRanges: [],
      },
    }),
    create: ({ uuid, definition }) => [
      {
        name: 'define',
        run: async () => {
          await writeFile(fileOf(uuid, 'new'), JSON.stringify(definition));
          await rename(fileOf(uuid, 'new'), fileOf(uuid, 'stopped'));
        },
        undo: async () => rm(fileOf(uuid, 'stopped'), { force: true }),
      },
    ],
    settle: () => [],
    start: ({ uuid }) => move(uuid, 'stopped', 'running'),
    stop: ({ uuid }) => move(uuid, 'running', 'stopped'),
    destroy: ({ uuid }) => [
      {
        name: 'destroy',
        run: async () => {
          for (const state of ['running', 'stopped']) await rm(fileOf(uuid, state), { force: true });
        },
        noUndo: 'what is gone is gone',
      },
    ],
    reconfigure: async () => ({}),
  };
};

/** @type {readonly import('@innkeeper/driver-contract').DriverFactory[]} */
export const drivers = [{ id, backend: 'lxc', open: /** @type {never} */ (open) }];
