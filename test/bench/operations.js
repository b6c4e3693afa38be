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

/** @param {string} url @param {(inventory: import('@innkeeper/inventory').Inventory) => Promise<void>} work */
const inInventory = async (url, work) => {
  const inventory = await openInventory(url, { connections: 1 });
  try {
    await work(inventory);
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
const makeRoom = (/** @type {string} */ url) =>
  inInventory(url, async ({ db }) => {
    await db.execute('update innkeeper.hosts set cpu_ratio = 10000, memory_ratio = 10000');
    await db.execute('update innkeeper.hosts set cpus_ceiling = 1e9, memory_ceiling = 1e15');
  });

/** Until none is unfinished, by one question for all of them. */
const untilEnded = async (/** @type {Client} */ client) => {
  for (;;) {
    const left = (await client.operations(many)).filter(({ finishedAt }) => finishedAt === undefined);
    const bad = left.find(({ state }) => state === 'waiting');
    if (bad !== undefined) throw new Error(`${bad.workload.name}: ${bad.progress}`);
    if (left.length === 0) return;
    await delay(50);
  }
};

/** Puts that many stopped workloads there, spread over the control planes. */
const makeAll = async (/** @type {Client[]} */ clients, /** @type {number} */ count) => {
  const [first] = clients;
  if (first === undefined) throw new Error('no control plane');
  await Promise.all(
    names(count).map((name, index) =>
      clients[index % clients.length]?.put(name, small, { idempotencyKey: randomUUID() }),
    ),
  );
  await untilEnded(first);
};

const removeAll = async (/** @type {Client[]} */ clients, /** @type {number} */ count) => {
  await Promise.all(names(count).map((name, index) => clients[index % clients.length]?.remove(name)));
  const [first] = clients;
  if (first !== undefined) await untilEnded(first);
};

const noopsPerSecond = (/** @type {(text: string) => void} */ progress) =>
  withPlanes(3, { INNKEEPER_DRIVERS: '@innkeeper/test' }, async (planes, url) => {
    const clients = planes.map(({ client }) => client);
    const [first] = clients;
    if (first === undefined) throw new Error('no control plane');
    await makeRoom(url);
    await makeAll(clients, noops);
    const samples = [];
    for (let wave = 0; wave < waves; wave += 1) {
      progress(`${noops} operations that do nothing, wave ${wave + 1} of ${waves}`);
      const ms = await time(async () => {
        await Promise.all(
          names(noops).map((name, index) =>
            clients[index % clients.length]?.act(name, wave % 2 === 0 ? 'start' : 'stop'),
          ),
        );
        await untilEnded(first);
      });
      samples.push((noops * 1000) / ms);
    }
    await removeAll(clients, noops);
    return samples.slice(1);
  });

/** How many statements the database was sent, by its own log. */
const statements = async () => {
  const day = new Date().toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
  const text = await readFile(`${paths.logs}/postgres/postgres-${day}.log`, 'utf8');
  return text.split('\n').filter((line) => /LOG: {2}(statement|execute)/.test(line)).length;
};

const reconciles = (/** @type {(text: string) => void} */ progress) =>
  withPlanes(1, {}, async (planes, url) => {
    const [plane] = planes;
    if (plane === undefined) throw new Error('no control plane');
    progress(`making ${many} workloads`);
    await makeRoom(url);
    const makeMs = await time(() => makeAll([plane.client], many));
    const samples = [];
    const counts = [];
    await inInventory(url, async (inventory) => {
      await inventory.db.execute(`alter system set log_statement = 'all'`);
      await inventory.db.execute(`select pg_reload_conf()`);
      for (let reading = 0; reading < readings; reading += 1) {
        progress(`reading ${reading + 1} of ${readings}`);
        await delay(1000);
        const before = await statements();
        samples.push(await plane.reconcile());
        await delay(200);
        counts.push((await statements()) - before);
      }
      await inventory.db.execute(`alter system reset log_statement`);
      await inventory.db.execute(`select pg_reload_conf()`);
    });
    progress(`removing ${many} workloads`);
    await removeAll([plane.client], many);
    return { samples: samples.slice(1), counts: counts.slice(1), makeMs };
  });

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
