import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import { announce, eventsChannel, openInventory } from '@innkeeper/inventory';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const paths = pathsUnder('/tmp/innkeeper-test-loss');
const host = localHost('test');
const asks = fileURLToPath(new URL('loss/asks.js', import.meta.url));

let url: string;

const killDatabase = async (): Promise<void> => {
  const [pid = ''] = (await host.files.readText(`${paths.databaseData}/postmaster.pid`)).split('\n');
  await host.run(['kill', '-9', pid]);
};
const startDatabase = async (): Promise<string> => (await ensureDatabase(host, paths)).url;

beforeAll(async () => {
  await host.files.remove(paths.prefix);
  url = await startDatabase();
});

afterAll(async () => {
  await stopDatabase(host, paths);
  await host.files.remove(paths.prefix);
});

describe('a database that is killed', () => {
  it.each([1, 2, 3])(
    'leaves nobody waiting who asked at that moment, and answers all when it is back (%i)',
    async () => {
      const child = host.spawn([process.execPath, asks, url]);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async (): Promise<string> => String((await lines.next()).value);
      expect(await next()).toBe('asking');
      await killDatabase();
      expect(await next()).toBe('lost: told');
      await startDatabase();
      child.stdin.write('stop\n');
      expect(await next()).toBe('back: answered');
      await child.exit;
    },
  );

  it('is listened to again when it is back', async () => {
    const inventory = await openInventory(url);
    let heard = 0;
    await inventory.listen(eventsChannel, () => {
      heard += 1;
    });
    const until = async (count: number): Promise<void> => {
      const deadline = Date.now() + 20_000;
      while (heard < count && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(heard).toBeGreaterThanOrEqual(count);
    };
    const tell = (): Promise<void> => announce(inventory.db, { operations: [] });
    await tell();
    await until(1);
    await killDatabase();
    await startDatabase();
    // That it was away is told as well: something may have been missed.
    await until(2);
    await tell();
    await until(3);
    await inventory.close();
  });
});
