import { deepEqual, equal, ok } from 'node:assert/strict';
import type { CompleteSpec } from '@innkeeper/model';
import type { GuestClaims } from '../claims.ts';
import type { GuestOrder, GuestRef } from '../contract.ts';
import { type ConformanceBench, type ConformanceCase, declares, never, stopNow, withGuest } from './bench.ts';

interface Change {
  readonly spec?: Partial<CompleteSpec>;
  readonly claims?: Partial<GuestClaims>;
}

/** Changes a running guest, and restarts it when that is what the change waits for. Another time changes nothing. */
const change = async (
  { driver }: ConformanceBench,
  guest: GuestRef,
  order: GuestOrder,
  field: 'networks' | 'volumes',
  { spec, claims }: Change,
): Promise<void> => {
  const plan = driver.plan({
    ...order,
    spec: { ...order.spec, ...spec },
    claims: { ...order.claims, ...claims },
  });
  const answer = await driver.reconfigure(plan);
  ok(answer[field] !== undefined || answer.definition !== undefined, field);
  if (Object.values(answer).includes('needs-restart')) {
    await driver.stop(guest, stopNow, never());
    await driver.start(guest);
  }
  deepEqual(await driver.reconfigure(plan), {});
};

const macsOf = async ({ driver }: ConformanceBench, guest: GuestRef): Promise<string[]> =>
  [...((await driver.inspect(guest))?.macs ?? [])].sort();

/** What is put into a guest and taken out while it runs. */
export const deviceCases: readonly ConformanceCase[] = [
  {
    title: 'gives a guest another network interface and takes it away, at once or at its next start, and says which',
    run: (bench) =>
      withGuest(bench, async (guest, order) => {
        const other = await bench.order();
        const [first, second] = [order.claims.networks[0], other.claims.networks[0]];
        if (first === undefined || second === undefined) throw new Error('an order without a network');
        await bench.driver.start(guest);
        const attachment = { network: second.network };
        const two = { networks: [...order.spec.networks, attachment] };
        await change(bench, guest, order, 'networks', { spec: two, claims: { networks: [first, second] } });
        deepEqual(await macsOf(bench, guest), [first.mac, second.mac].sort());
        const one = { networks: [first], leaving: [second] };
        await change(bench, guest, order, 'networks', { claims: one });
        deepEqual(await macsOf(bench, guest), [first.mac]);
      }),
  },
  {
    title: 'limits an interface from the start, and lets the limit change and end',
    needs: 'network.limits',
    run: async (bench) => {
      if (!(await declares(bench, 'network.limits'))) return;
      const limited = (limit: string) => ({ networks: [{ network: 'default', limit }] });
      await withGuest(
        bench,
        async (guest, order) => {
          await bench.driver.start(guest);
          await change(bench, guest, order, 'networks', { spec: limited('2MB') });
          await change(bench, guest, order, 'networks', { spec: { networks: [{ network: 'default' }] } });
        },
        { spec: limited('1MB') },
      );
    },
  },
  {
    title: 'gives a guest a volume, lets it grow and takes it away, and keeps what is on it until the guest goes',
    needs: 'volumes',
    run: async (bench) => {
      if (!(await declares(bench, 'volumes'))) return;
      let made: GuestRef | undefined;
      await withGuest(bench, async (guest, order) => {
        made = guest;
        const before = (await bench.leftovers(guest)).length;
        await bench.driver.start(guest);
        const volume = (mebibytes: number) => ({
          volumes: [{ name: 'data', sizeBytes: mebibytes * 2 ** 20, place: '/srv/data' }],
        });
        await change(bench, guest, order, 'volumes', { spec: volume(16) });
        const grown = bench.driver.plan({ ...order, spec: { ...order.spec, ...volume(32) } });
        await bench.driver.reconfigure(grown);
        deepEqual(await bench.driver.reconfigure(grown), {});
        await change(bench, guest, order, 'volumes', {});
        ok((await bench.leftovers(guest)).length > before, 'the data is kept');
      });
      if (made !== undefined) equal((await bench.leftovers(made)).length, 0);
    },
  },
];
