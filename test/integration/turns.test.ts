import { randomUUID } from 'node:crypto';
import {
  deleteWorker,
  finishOperation,
  type Hold,
  type Inventory,
  insertOperation,
  insertWorkload,
  letGoOf,
  postpone,
  renewLease,
  takeInTurn,
  takeOperation,
  turnsAtOnce,
  updateWorkload,
  wakeNext,
  wakeWaiting,
} from '@innkeeper/inventory';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBare } from './bare-inventory.ts';

let inventory: Inventory;
let close: () => Promise<void>;
let me = '';

const live = async (): Promise<string> => {
  const id = randomUUID();
  await renewLease(inventory.db, { id, machine: 'm', bootId: 'b', pid: 1, socket: '/run/one.sock' }, []);
  return id;
};

/** A workload with an operation that is to be done; on a host, or to be made somewhere. */
const asked = async (host?: string): Promise<string> => {
  const id = randomUUID();
  await insertWorkload(inventory.db, { id, name: `w-${id}`, spec: { image: 'debian/12' } });
  if (host !== undefined)
    await updateWorkload(inventory.db, id, { placed: { host, driver: 'lxc', backend: 'lxc' } as never });
  const kind = host === undefined ? 'apply' : 'stop';
  await insertOperation(inventory.db, { id: randomUUID(), kind, workloadId: id, workloadName: `w-${id}`, who: 'test' });
  return id;
};
/** One more operation of a workload that has one. */
const follow = (id: string): Promise<unknown> =>
  insertOperation(inventory.db, {
    id: randomUUID(),
    kind: 'stop',
    workloadId: id,
    workloadName: `w-${id}`,
    who: 'test',
  });
const many = async (count: number, host?: string): Promise<string[]> => {
  const ids: string[] = [];
  while (ids.length < count) ids.push(await asked(host));
  return ids;
};
const take = async (workloadId: string, by = me): Promise<Hold | undefined> => {
  const row = await takeOperation(inventory.db, workloadId, by);
  return row === undefined ? undefined : { id: row.id, fence: row.fence };
};
const taken = async (workloadId: string, by = me): Promise<Hold> => {
  const hold = await take(workloadId, by);
  if (hold === undefined) throw new Error('it was not taken');
  return hold;
};
/** Whom a job waits for. */
const woken = async (): Promise<string[]> =>
  (await inventory.db.execute<{ key: string }>('select key from graphile_worker._private_jobs order by key')).map(
    ({ key }) => key,
  );

beforeAll(async () => {
  ({ inventory, close } = await openBare('/tmp/innkeeper-test-turns'));
});

afterAll(() => close());

beforeEach(async () => {
  for (const table of [
    'innkeeper.operations',
    'innkeeper.workloads',
    'innkeeper.workers',
    'graphile_worker._private_jobs',
  ])
    await inventory.db.execute(`delete from ${table}`);
  me = await live();
});

describe('the turn of an operation that has ended', () => {
  const end = async (workloadId: string) => {
    const row = await takeOperation(inventory.db, workloadId, me);
    if (row === undefined) throw new Error('it was not taken');
    await finishOperation(inventory.db, { id: row.id, fence: row.fence }, { state: 'done' });
    return row.turn;
  };
  const heir = async (turn: Awaited<ReturnType<typeof end>>): Promise<string | undefined> =>
    (await takeInTurn(inventory.db, turn, me))?.workloadId;

  it('goes to what follows for its workload, then to the oldest of its host, and to nobody else', async () => {
    const ends = await asked('h1');
    const turn = await end(ends);
    const older = await asked('h1');
    await asked('h2');
    await asked();
    await follow(ends);
    expect(await heir(turn)).toBe(ends);
    expect(await heir(turn)).toBe(older);
    expect(await heir(turn)).toBeUndefined();
  });

  it('of a guest that was being made goes to the next that is to be made', async () => {
    const turn = await end(await asked());
    await asked('h1');
    const made = await asked();
    expect(turn.host).toBeNull();
    expect(await heir(turn)).toBe(made);
    expect(await heir(turn)).toBeUndefined();
  });

  it('goes to nothing that is worked on, and to what a dead process had', async () => {
    const turn = await end(await asked('h1'));
    const [mine, theirs] = await many(2, 'h1');
    const other = await live();
    await taken(mine as string);
    await taken(theirs as string, other);
    await follow(mine as string);
    expect(await heir(turn)).toBeUndefined();
    expect(await take(mine as string)).toBeUndefined();
    await deleteWorker(inventory.db, other);
    expect(await heir(turn)).toBe(theirs);
  });

  it('is given once each by many that end at once', async () => {
    const turns = await Promise.all((await many(turnsAtOnce, 'h1')).map(end));
    const waiting = await many(turnsAtOnce, 'h1');
    const heirs = await Promise.all(turns.map(heir));
    expect(heirs.filter((id) => id !== undefined).length).toBeGreaterThan(0);
    expect(new Set(heirs.filter((id) => id !== undefined)).size).toBe(heirs.filter((id) => id !== undefined).length);
    for (const id of heirs) if (id !== undefined) expect(waiting).toContain(id);
  });
});

describe('operations of one host', () => {
  it('are taken eight at a time, those of another host and those that make guests beside them', async () => {
    const [first, ...rest] = await many(turnsAtOnce + 1, 'h1');
    for (const id of rest) await taken(id);
    expect(await take(first as string)).toBeUndefined();
    await taken(await asked('h2'));
    await taken(await asked());
  });

  it('go on with the oldest when one ends', async () => {
    const [ends, ...rest] = await many(turnsAtOnce, 'h1');
    const [older, newer] = await many(2, 'h1');
    const hold = await taken(ends as string);
    for (const id of rest) await taken(id);
    for (const id of [older, newer]) expect(await take(id as string)).toBeUndefined();
    await wakeNext(inventory.db);
    expect(await woken()).toEqual([]);
    await finishOperation(inventory.db, hold, { state: 'done' });
    await wakeNext(inventory.db);
    expect(await woken()).toEqual([older]);
    expect(await take(newer as string)).toBeDefined();
    expect(await take(older as string)).toBeUndefined();
  });

  it('of a process that is dead have no turn, and are woken for again', async () => {
    const other = await live();
    const ids = await many(turnsAtOnce, 'h1');
    for (const id of ids) await taken(id, other);
    const next = await asked('h1');
    expect(await take(next)).toBeUndefined();
    await deleteWorker(inventory.db, other);
    await wakeNext(inventory.db);
    expect(await woken()).toEqual([...ids].sort());
    expect(await take(next)).toBeDefined();
  });

  it('that were let go of are woken for again, unless they were taken anew', async () => {
    const id = await asked('h1');
    const old = await taken(id);
    await letGoOf(inventory.db, old);
    await wakeNext(inventory.db);
    expect(await woken()).toEqual([id]);
    const again = await taken(id, await live());
    await letGoOf(inventory.db, old);
    expect(await take(id)).toBeUndefined();
    expect(again.fence).toBeGreaterThan(old.fence);
  });

  it('that wait are looked at again in turns, also those that were just being looked at', async () => {
    const ids = await many(turnsAtOnce + 4);
    const holds: Hold[] = [];
    for (const id of ids.slice(0, turnsAtOnce)) holds.push(await taken(id));
    await wakeWaiting(inventory.db);
    for (const hold of holds) await postpone(inventory.db, hold, 'room');
    await inventory.db.execute('delete from graphile_worker._private_jobs');
    await wakeNext(inventory.db);
    expect(await woken()).toEqual(ids.slice(0, turnsAtOnce).sort());
    for (const id of ids.slice(0, turnsAtOnce)) await postpone(inventory.db, await taken(id), 'room');
    await inventory.db.execute('delete from graphile_worker._private_jobs');
    await wakeNext(inventory.db);
    // Nothing has changed for them since; the others have not been looked at yet.
    expect(await woken()).toEqual(ids.slice(turnsAtOnce).sort());
  });
});
