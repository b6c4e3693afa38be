/**
 * What the journal and the queue add to an operation's steps, how many operations that do nothing three control planes end
 * in a second, and what it costs to look at a thousand workloads of which none has changed.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { openInventory } from '@innkeeper/inventory';
import { paths, setUp, virsh } from './installation.js';
import { machineFacts, median, time } from './measure.js';
import { withPlanes } from './planes.js';

const rounds = 10;
const noops = 200;
const waves = 6;
const many = 1000;
const readings = 7;

/** @typedef {import('@innkeeper/client').Client} Client @typedef {import('@innkeeper/model').OperationView} Operation */

const ended = async (/** @type {Client} */ client, /** @type {Operation | undefined} */ operation) => {
  let now = operation;
  while (now !== undefined && now.finishedAt === undefined) now = await client.operation(now.id, '60s');
  if (now !== undefined && now.state !== 'done') throw new Error(`${now.kind}: ${now.error?.detail ?? now.state}`);
  return now;
};

/**
 * Without the time that its steps take: from its acceptance to its end, as the journal has them, and from the request until
 * its end is known to who asked.
 */
const overheads = (/** @type {(text: string) => void} */ progress) =>
  withPlanes(1, { BENCH_POINTS: 'on' }, async ([plane]) => {
    if (plane === undefined) throw new Error('no control plane');
    const { client, child } = plane;
    let [steps, began] = [0, 0];
    child.on('message', (/** @type {import('./planes.js').Said} */ { point = '', at = 0 }) => {
      if (point.startsWith('before ')) began = at;
      if (point.startsWith('after ')) steps += at - began;
    });
    const over = async (/** @type {() => Promise<Operation | undefined>} */ ask) => {
      steps = 0;
      let operation;
      const asked = await time(async () => {
        operation = await ended(client, await ask());
      });
      const { createdAt = '', finishedAt = '' } = /** @type {Operation} */ (/** @type {unknown} */ (operation));
      return { journal: Date.parse(finishedAt) - Date.parse(createdAt) - steps, asked: asked - steps };
    };
    const name = 'bench-operations';
    await ended(client, await client.put(name, { image: 'debian/12', backend: 'lxc', memory: '256MiB' }));
    const samples = [];
    for (let round = 0; round < rounds; round += 1) {
      progress(`stop and start, round ${round + 1} of ${rounds}`);
      samples.push(await over(() => client.act(name, 'stop')), await over(() => client.act(name, 'start')));
    }
    await ended(client, await client.remove(name));
    return samples.slice(4);
  });

/** @typedef {import('@innkeeper/inventory').Inventory} Inventory */

/** @template T @param {string} url @param {(inventory: Inventory) => Promise<T>} work */
const inInventory = async (url, work) => {
  const inventory = await openInventory(url, { connections: 1 });
  try {
    return await work(inventory);
  } finally {
    await inventory.close();
  }
};

const names = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => `bench-one-${index}`);

const small = /** @type {const} */ ({
  image: 'debian/12',
  backend: 'lxc',
  power: 'stopped',
  memory: '16MiB',
  disk: '64MiB',
  networks: [],
});

/** No host has room for a thousand, and none of them runs: what may be promised of it is none of this benchmark's concern. */
const makeRoom = async (/** @type {Inventory} */ { db }) => {
  await db.execute('update innkeeper.hosts set cpu_ratio = 10000, memory_ratio = 10000');
  await db.execute('update innkeeper.hosts set cpus_ceiling = 1e9, memory_ceiling = 1e15');
};

/** Until no operation is unfinished, by one question to the database for all of them. */
const untilEnded = async (/** @type {Inventory} */ { db }) => {
  for (;;) {
    const [row] = await db.execute(
      `select count(*)::int as left, min(progress) filter (where state = 'waiting') as waits
       from innkeeper.operations where finished_at is null`,
    );
    if (typeof row?.waits === 'string') throw new Error(row.waits);
    if (row?.left === 0) return;
    await delay(25);
  }
};

/**
 * One request for each workload, spread over the control planes, all at once; until all are carried out.
 * @param {Inventory} inventory @param {Client[]} clients @param {number} count
 * @param {(client: Client, name: string) => Promise<unknown>} ask
 */
const ofAll = async (inventory, clients, count, ask) => {
  await Promise.all(
    names(count).map((name, index) => ask(/** @type {Client} */ (clients[index % clients.length]), name)),
  );
  await untilEnded(inventory);
};

const make = (/** @type {Client} */ client, /** @type {string} */ name) =>
  client.put(name, small, { idempotencyKey: randomUUID() });
const unmake = (/** @type {Client} */ client, /** @type {string} */ name) => client.remove(name);

const noopsPerSecond = (/** @type {(text: string) => void} */ progress) =>
  withPlanes(3, { INNKEEPER_DRIVERS: '@innkeeper/test' }, (planes, url) =>
    inInventory(url, async (inventory) => {
      const clients = planes.map(({ client }) => client);
      await makeRoom(inventory);
      await ofAll(inventory, clients, noops, make);
      const samples = [];
      for (let wave = 0; wave < waves; wave += 1) {
        progress(`${noops} operations that do nothing, wave ${wave + 1} of ${waves}`);
        const act = wave % 2 === 0 ? 'start' : 'stop';
        const ms = await time(() => ofAll(inventory, clients, noops, (client, name) => client.act(name, act)));
        samples.push((noops * 1000) / ms);
      }
      await ofAll(inventory, clients, noops, unmake);
      return samples.slice(1);
    }),
  );

/** How many statements the database was sent, by its own log. */
const statements = async () => {
  const day = new Date().toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
  const text = await readFile(`${paths.logs}/postgres/postgres-${day}.log`, 'utf8');
  return text.split('\n').filter((line) => /LOG: {2}(statement|execute)/.test(line)).length;
};

/**
 * What a look at all of them and all that follows from it takes, and how many statements the database is sent for it.
 * @param {Inventory} inventory @param {() => Promise<number>} reconcile @param {(text: string) => void} progress
 */
const readAll = async ({ db }, reconcile, progress) => {
  const samples = [];
  const counts = [];
  await db.execute(`alter system set log_statement = 'all'`);
  await db.execute(`select pg_reload_conf()`);
  for (let reading = 0; reading < readings; reading += 1) {
    progress(`reading ${reading + 1} of ${readings}`);
    await delay(1000);
    const before = await statements();
    samples.push(await reconcile());
    await delay(200);
    counts.push((await statements()) - before);
  }
  await db.execute(`alter system reset log_statement`);
  await db.execute(`select pg_reload_conf()`);
  return { samples: samples.slice(1), counts: counts.slice(1) };
};

const reconciles = (/** @type {(text: string) => void} */ progress) =>
  withPlanes(1, {}, ([plane], url) =>
    inInventory(url, async (inventory) => {
      if (plane === undefined) throw new Error('no control plane');
      progress(`making ${many} workloads`);
      await makeRoom(inventory);
      const makeMs = await time(() => ofAll(inventory, [plane.client], many, make));
      const read = await readAll(inventory, plane.reconcile, progress);
      progress(`removing ${many} workloads`);
      await ofAll(inventory, [plane.client], many, unmake);
      return { ...read, makeMs };
    }),
  );

export const bench = async (/** @type {(text: string) => void} */ progress) => {
  await setUp('down', '--purge', '--yes');
  await setUp('up', '--yes', '--no-lab');
  await setUp('down');
  await rm(`${paths.state}/still`, { recursive: true, force: true });
  try {
    const overhead = await overheads(progress);
    progress(`overhead ${Math.round(median(overhead.map(({ journal }) => journal)))} ms`);
    const perSecond = await noopsPerSecond(progress);
    progress(`${Math.round(median(perSecond))} operations in a second`);
    const { samples, counts, makeMs } = await reconciles(progress);
    return {
      bench: 'operations',
      metrics: {
        overhead_ms: median(overhead.map(({ journal }) => journal)),
        asked_ms: median(overhead.map(({ asked }) => asked)),
        noop_per_s: median(perSecond),
        reconcile_1000_ms: median(samples),
        statements_per_100: median(counts) / (many / 100),
        make_1000_s: makeMs / 1000,
      },
      samples: {
        overhead_ms: overhead.map(({ journal }) => journal),
        noop_per_s: perSecond,
        reconcile_1000_ms: samples,
        statements: counts,
      },
      goals: {
        overhead_ms: { most: 25 },
        noop_per_s: { least: 100 },
        reconcile_1000_ms: { most: 3000 },
        statements_per_100: { most: 20 },
      },
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  } finally {
    await setUp('down', '--purge', '--yes');
  }
};
