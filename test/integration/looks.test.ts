import {
  forgetGuests,
  guestsOf,
  type Inventory,
  listGuests,
  type Reading,
  readingBegins,
  takeReading,
  upsertGuests,
} from '@innkeeper/inventory';
import type { GuestObservation } from '@innkeeper/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBare } from './bare-inventory.ts';

const uuid = '3f1c2a68-0000-4000-8000-000000000001';

let inventory: Inventory;
let close: () => Promise<void>;

const guest = (state: GuestObservation['state']): GuestObservation => ({
  driver: 'lxc',
  uuid,
  name: 'test-one',
  state,
  cpus: 1,
  memoryBytes: 1,
  addresses: [],
  macs: [],
  idRanges: [],
});

const begin = async (only?: string): Promise<Reading> => ({
  host: 'h1',
  driver: 'lxc',
  begunAt: await readingBegins(inventory.db),
  ...(only === undefined ? {} : { only }),
});
const keep = (reading: Reading, ...seen: GuestObservation[]): Promise<boolean> =>
  inventory.transaction(async (tx) => {
    if (!(await takeReading(tx, reading))) return false;
    await upsertGuests(tx, reading, seen);
    return true;
  });
const known = async (): Promise<string[]> =>
  (await listGuests(inventory.db)).map(({ observation }) => observation.state);

beforeAll(async () => {
  ({ inventory, close } = await openBare('/tmp/innkeeper-test-looks'));
});

afterAll(() => close());

beforeEach(async () => {
  for (const table of ['guests', 'readings']) await inventory.db.execute(`delete from innkeeper.${table}`);
});

describe('a look at one guest', () => {
  it('stays, when a look at all that was begun before it ends after it', async () => {
    const all = await begin();
    const one = await begin(uuid);
    expect(await keep(one, guest('running'))).toBe(true);
    expect(await guestsOf(inventory.db, all)).toEqual([{ observation: guest('running'), later: true }]);
    expect(await keep(all, guest('stopped'))).toBe(true);
    expect(await known()).toEqual(['running']);
  });

  it('is forgotten, when a look at all that was begun after it is kept already', async () => {
    const one = await begin(uuid);
    expect(await keep(await begin(), guest('running'))).toBe(true);
    expect(await keep(one, guest('stopped'))).toBe(false);
    expect(await known()).toEqual(['running']);
  });

  it('asks for what is known of that guest alone, and forgets no other', async () => {
    const other = { ...guest('running'), uuid: '3f1c2a68-0000-4000-8000-000000000002', name: 'test-two' };
    await keep(await begin(), guest('running'), other);
    const one = await begin(uuid);
    expect(await guestsOf(inventory.db, one)).toEqual([{ observation: guest('running'), later: false }]);
    await forgetGuests(inventory.db, one, [uuid]);
    expect((await listGuests(inventory.db)).map(({ observation }) => observation.name)).toEqual(['test-two']);
  });

  it('goes on beside others of the same host, while a look at all waits for them', async () => {
    await keep(await begin());
    const looks = [await begin(uuid), await begin(uuid)];
    const all = await begin();
    const kept: string[] = [];
    await inventory.transaction(async (tx) => {
      expect(await takeReading(tx, looks[0] as Reading)).toBe(true);
      const waiting = keep(all).then(() => void kept.push('all'));
      await keep(looks[1] as Reading, guest('running')).then(() => void kept.push('one'));
      expect(kept).toEqual(['one']);
      void waiting;
    });
    await expect.poll(() => kept).toEqual(['one', 'all']);
  });
});
