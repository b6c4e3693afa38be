import { conformanceCases, type Driver } from '@innkeeper/driver-contract';
import { lxc } from '@innkeeper/drivers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBench } from './bench.ts';
import { host, type OpenBench } from './orders.ts';

/** A driver with one defect, and the case that has to find it. */
interface Defect {
  readonly says: string;
  readonly caughtBy: string;
  readonly broken: (driver: Driver) => Partial<Driver>;
}

const defects: readonly Defect[] = [
  {
    says: 'speaks another contract',
    caughtBy: 'says who it is, and speaks this contract',
    broken: (driver) => ({ info: () => ({ ...driver.info(), contract: '0' }) }),
  },
  {
    says: 'declares what it does not offer',
    caughtBy: 'offers a group exactly when it declares the capability',
    broken: () => ({ exec: undefined as never }),
  },
  {
    says: 'gives no reason for what it cannot do',
    caughtBy: 'has evidence for what it can do, and a reason for what it cannot',
    broken: (driver) => ({
      probe: async () => {
        const report = await driver.probe();
        return { ...report, capabilities: { ...report.capabilities, tpm: { value: false, evidence: 'none' } } };
      },
    }),
  },
  {
    says: 'takes every guest for its own',
    caughtBy: 'shows a guest that is not ours, as not ours',
    broken: (driver) => ({
      list: async () => {
        const guests = await driver.list();
        const ownership = guests.find((one) => one.ownership !== undefined)?.ownership ?? {
          installation: '00000000-0000-4000-8000-000000000000',
          workloadId: '00000000-0000-4000-8000-000000000000',
          generation: 1,
          spec: { image: 'debian/12' },
          claims: { networks: [] },
        };
        return guests.map((guest) => ({ ...guest, ownership }));
      },
    }),
  },
  {
    says: 'plans something else each time',
    caughtBy: 'plans the same for the same order, and leaves the order as it was',
    broken: (driver) => ({
      plan: (order) => ({ ...driver.plan(order), definition: { at: process.hrtime.bigint().toString() } }),
    }),
  },
  {
    says: 'loses the claims',
    caughtBy: 'creates a guest that does not run, with id, generation, spec and claims in its metadata',
    broken: (driver) => ({ plan: (order) => driver.plan({ ...order, claims: { ...order.claims, networks: [] } }) }),
  },
  {
    says: 'forgets an undo',
    caughtBy: 'leaves nothing when creation is interrupted after any step and undone, twice',
    broken: (driver) => ({ create: (plan) => driver.create(plan).map(({ name, run }) => ({ name, run })) }),
  },
  {
    says: 'does not start',
    caughtBy: 'starts a guest once, however often it is asked, and shows since when it runs',
    broken: () => ({ start: async () => undefined }),
  },
  {
    says: "lets a guest's files be as they are",
    caughtBy: 'writes and reads files of a guest that does not run, and leaves nothing but them',
    broken: () => ({ onFiles: async () => host.spawn(['true']) }),
  },
  {
    says: 'goes back to nothing',
    caughtBy:
      'keeps what a guest holds while it runs, is paused or stopped, and goes back to exactly that, more than once',
    broken: () => ({ restore: () => [] }),
  },
  {
    says: 'leaves half of a snapshot that was given up',
    caughtBy:
      'makes, goes back to and removes snapshots by steps that can be repeated and undone, and shows no half of one',
    broken: (driver) => ({
      snapshot: (guest, order) => (driver.snapshot?.(guest, order) ?? []).map(({ name, run }) => ({ name, run })),
    }),
  },
  {
    says: 'asks and never forces',
    caughtBy: 'stops a guest that is asked, by force when the time is over, and one that is stopped already',
    broken: () => ({ stop: async () => undefined }),
  },
  {
    says: 'deletes what was to be kept',
    caughtBy: 'keeps what a guest stands on when that is asked, and only that',
    broken: (driver) => ({ destroy: (guest, networks) => driver.destroy(guest, networks, 'delete') }),
  },
];

describe('the conformance suite', () => {
  let bench: OpenBench;

  beforeAll(async () => {
    bench = await openBench(lxc);
  });

  afterAll(() => bench.close());

  it.each(defects)('finds a driver that $says', async ({ caughtBy, broken }) => {
    const found = conformanceCases.find(({ title }) => title === caughtBy);
    if (found === undefined) throw new Error(`no case "${caughtBy}"`);
    const driver: Driver = { ...bench.driver, ...broken(bench.driver) };
    await expect(found.run({ ...bench, driver })).rejects.toThrow();
    // What a broken driver left is taken away by the one that works.
    await bench.removeAll();
  });
});
