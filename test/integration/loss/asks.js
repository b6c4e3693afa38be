/**
 * Asks a database as operations do, in a process of its own: what a lost connection throws from a timer ends a process
 * unless it is told apart, and a test runner takes it for a failure. Prints a line for what happened to each of those
 * that asked at the moment of a loss; reads `stop` from standard input.
 */
import { randomUUID } from 'node:crypto';
import {
  insertWorkload,
  isLostWrite,
  listHosts,
  listRules,
  listWorkloads,
  openInventory,
  ping,
} from '@innkeeper/inventory';

const [url = ''] = process.argv.slice(2);
const askers = 40;
const patienceMs = 20_000;

process.on('uncaughtException', (error) => {
  if (isLostWrite(error)) return;
  process.stdout.write(`ended by ${String(error)}\n`);
  process.exit(1);
});

const inventory = await openInventory(url);

/** Small statements, and several of one transaction at once. */
const ask = async () => {
  await listHosts(inventory.db);
  await inventory.transaction(async (tx) => {
    await Promise.all([listHosts(tx), listRules(tx), listWorkloads(tx)]);
    const id = randomUUID();
    await insertWorkload(tx, { id, name: `w-${id}`, spec: { image: 'debian/12' } });
  });
};

/** @returns {Promise<string>} */
const hangs = () =>
  new Promise((resolve) => {
    setTimeout(() => resolve('hangs'), patienceMs).unref();
  });

const untilTold = async () => {
  try {
    for (;;) await Promise.race([ask(), hangs().then(() => Promise.reject(new RangeError('hangs')))]);
  } catch (error) {
    return error instanceof RangeError ? 'hangs' : 'told';
  }
};

const settled = () => Promise.all(Array.from({ length: askers }, untilTold));

/** Those that ask when it is back may still be told that it starts; none may wait for ever, and in the end it answers. */
const answers = async () => {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const all = await Promise.all(
      Array.from({ length: askers }, () =>
        Promise.race([
          ping(inventory.db)
            .then(() => 'answered')
            .catch(() => 'told'),
          hangs(),
        ]),
      ),
    );
    if (all.includes('hangs')) return 'hangs';
    if (all.every((one) => one === 'answered')) return 'answered';
  }
  return 'told';
};

const first = settled();
process.stdout.write('asking\n');
process.stdout.write(`lost: ${[...new Set(await first)].join(', ')}\n`);
process.stdin.once('data', () => {
  void answers().then(async (said) => {
    process.stdout.write(`back: ${said}\n`);
    await inventory.close();
    process.exit(0);
  });
});
