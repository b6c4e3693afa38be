import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { localHost } from '@innkeeper/host';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import {
  dumpToFile,
  type Inventory,
  insertEvent,
  insertHost,
  insertOperation,
  insertWorkload,
  installationId,
  isBehind,
  listEventsAfter,
  listHosts,
  listOperations,
  listWorkloads,
  openInventory,
  restoreFromFile,
} from '@innkeeper/inventory';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrateTo, rowsIn } from './old-database.ts';

const paths = pathsUnder('/tmp/innkeeper-test-dumps');
const host = localHost('test');
const file = `${paths.prefix}/one.dump.gz`;

/** Texts that a format of lines could stumble over. */
const odd = 'a\tb\nc\r\nd\\.\n\\.\n\u2028e\u0085"\'\\N 🦊';

let url: string;

const withInventory = async <T>(work: (inventory: Inventory) => Promise<T>): Promise<T> => {
  const inventory = await openInventory(url);
  try {
    return await work(inventory);
  } finally {
    await inventory.close();
  }
};

const names = (): Promise<string[]> =>
  withInventory(async ({ db }) => (await listWorkloads(db)).map(({ name }) => name));

beforeAll(async () => {
  await stopDatabase(host, paths);
  await host.files.remove(paths.prefix);
  ({ url } = await ensureDatabase(host, paths));
});

afterAll(async () => {
  await stopDatabase(host, paths);
  await host.files.remove(paths.prefix);
});

describe('a dump', () => {
  it('is none of a database that holds nothing yet', async () => {
    expect(await dumpToFile(url, file)).toBe(false);
    expect(await host.files.facts(file)).toBeUndefined();
  });

  it('brings everything back that was there, and shows that the hosts may know more', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await withInventory(async ({ db }) => {
      await insertHost(db, { name: 'h1', address: 'local', labels: { odd } });
      await insertWorkload(db, { id: first, name: 'first', spec: { image: 'debian/12', description: odd } });
      await insertOperation(db, {
        id: randomUUID(),
        kind: 'apply',
        workloadId: first,
        workloadName: 'first',
        who: 'test',
      });
      await insertEvent(db, { kind: 'test', subject: { kind: 'host', id: 'x', name: 'x' }, text: odd });
    });
    const installation = await withInventory(({ db }) => installationId(db));
    expect(await dumpToFile(url, file)).toBe(true);
    expect((await host.files.facts(file))?.mode).toBe(0o600);
    await withInventory(({ db }) => insertWorkload(db, { id: second, name: 'second', spec: { image: 'debian/12' } }));
    expect(await names()).toEqual(['first', 'second']);
    expect(await restoreFromFile(url, file)).toMatchObject({ installation });
    await withInventory(async ({ db }) => {
      expect((await listWorkloads(db)).map(({ name, spec }) => [name, spec.description])).toEqual([['first', odd]]);
      expect((await listHosts(db)).map(({ labels }) => labels)).toEqual([{ odd }]);
      expect(await isBehind(db)).toBe(true);
      // What was going on then is not gone on with.
      expect((await listOperations(db, { limit: 10 })).map(({ state, error }) => [state, error?.code])).toEqual([
        ['failed', 'unavailable'],
      ]);
      // Counters go on where they were.
      await insertEvent(db, { kind: 'test', subject: { kind: 'host', id: 'x', name: 'x' }, text: 'later' });
      expect((await listEventsAfter(db, 0, 10, undefined)).map(({ id, text }) => [id, text])).toEqual([
        ['1', odd],
        ['2', 'later'],
      ]);
    });
  });

  describe('that cannot be used', () => {
    let text: string;

    beforeEach(async () => {
      text ??= gunzipSync(await host.files.read(file)).toString('utf8');
      await restoreFromFile(url, file);
      await withInventory(({ db }) =>
        insertWorkload(db, { id: randomUUID(), name: 'kept', spec: { image: 'debian/12' } }),
      );
    });

    const bad = `${paths.prefix}/bad.dump.gz`;

    it.each<[string, (text: string) => Uint8Array, RegExp]>([
      ['is cut off', (whole) => gzipSync(whole.slice(0, -30)), /cut off/],
      ['is cut off in its archive', (whole) => gzipSync(whole).subarray(0, 900), /cannot be unpacked|cut off/],
      ['is no archive', () => Buffer.from('hello'), /cannot be unpacked/],
      ['is something else', () => gzipSync('select 1;\n'), /a line is not what it should be/],
      [
        'is of a newer version',
        (whole) => gzipSync(whole.replace('"migrations":[', `"migrations":["${'0'.repeat(64)}",`)),
        /newer/,
      ],
      [
        'writes elsewhere',
        (whole) => gzipSync(whole.replace('"table":"events"', '"table":"events\\" from program"')),
        /has a table/,
      ],
    ])('changes nothing when it %s', async (_what, make, message) => {
      await host.files.write(bad, make(text));
      await expect(restoreFromFile(url, bad)).rejects.toThrow(message);
      expect(await names()).toEqual(['first', 'kept']);
    });

    it('changes nothing when it is not there', async () => {
      await expect(restoreFromFile(url, `${paths.prefix}/none`)).rejects.toThrow(/There is no file/);
    });
  });

  it('is whole when it is larger than what any buffer on the way takes', async () => {
    const many = 200;
    const subject = { kind: 'host', id: 'x', name: 'x' } as const;
    const texts = Array.from({ length: many }, (_, at) => `${at} `.padEnd(20_000, odd));
    await withInventory(async ({ db }) => {
      for (const text of texts) await insertEvent(db, { kind: 'large', subject, text });
    });
    await dumpToFile(url, file);
    await restoreFromFile(url, file);
    await withInventory(async ({ db }) => {
      const found = (await listEventsAfter(db, 0, 1000, undefined)).filter(({ kind }) => kind === 'large');
      expect(found.map(({ text }) => text)).toEqual(texts);
    });
  });
});

describe('a database of an earlier version', () => {
  it.each([1, 3, 6])('keeps its rows when it is brought up to date, after %i migrations', async (count) => {
    const before = await migrateTo(url, count);
    let dumped = false;
    const inventory = await openInventory(url, {
      beforeMigrating: async () => {
        dumped = await dumpToFile(url, file);
      },
    });
    expect(dumped).toBe(true);
    expect(await rowsIn(inventory.db)).toEqual(before);
    await inventory.close();
    // And from the dump of before the upgrade.
    await restoreFromFile(url, file);
    await withInventory(async ({ db }) => expect(await rowsIn(db)).toEqual(before));
  });
});
