import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import {
  type ConformanceBench,
  type ConformanceCase,
  declares,
  isConflict,
  never,
  refOf,
  runAll,
  runStep,
  stopNow,
  undoAll,
  undoStep,
  withGuest,
} from './bench.ts';

const stateOf = async ({ driver }: ConformanceBench, uuid: string): Promise<string | undefined> =>
  (await driver.list()).find((guest) => guest.uuid === uuid)?.state;

/** From nothing to a guest and back, each step also repeated, interrupted and undone. */
export const lifeCases: readonly ConformanceCase[] = [
  {
    title: 'plans the same for the same order, and leaves the order as it was',
    run: async (bench) => {
      const order = await bench.order();
      const before = structuredClone(order);
      deepEqual(bench.driver.plan(order), bench.driver.plan(order));
      deepEqual(order, before);
      // It is journaled as JSON and taken from there after a restart.
      const plan = JSON.stringify(bench.driver.plan(order));
      equal(JSON.stringify(JSON.parse(plan)), plan);
    },
  },
  {
    title: 'creates a guest that does not run, with id, generation, spec and claims in its metadata',
    run: (bench) =>
      withGuest(bench, async (guest, order) => {
        const seen = (await bench.driver.list()).find(({ uuid }) => uuid === guest.uuid);
        equal(seen?.state, 'stopped');
        equal(seen?.name, order.name);
        equal(seen?.ownership?.workloadId, order.ownership.workloadId);
        equal(seen?.ownership?.generation, order.ownership.generation);
        deepEqual(seen?.ownership?.spec, order.stored);
        deepEqual(
          seen?.ownership?.claims.networks.map(({ mac, address }) => [mac, address]),
          order.claims.networks.map(({ mac, address }) => [mac, address?.ip]),
        );
        deepEqual(
          seen?.macs,
          order.claims.networks.map(({ mac }) => mac),
        );
        deepEqual(await bench.driver.inspect(guest), seen);
      }),
  },
  {
    title: 'comes to the same when each step of creation is run twice',
    run: async (bench) => {
      const { driver } = bench;
      const order = await bench.order();
      const plan = driver.plan(order);
      try {
        for (const step of driver.create(plan)) {
          await runStep(step);
          await runStep(step);
        }
        equal(await stateOf(bench, plan.uuid), 'stopped');
      } finally {
        await runAll(driver.destroy(refOf(plan), order.claims.networks, 'delete'));
      }
      deepEqual(await bench.leftovers(refOf(plan)), []);
    },
  },
  {
    title: 'leaves nothing when creation is interrupted after any step and undone, twice',
    run: async (bench) => {
      const { driver } = bench;
      const order = await bench.order();
      const plan = driver.plan(order);
      const steps = driver.create(plan);
      for (let count = 1; count <= steps.length; count += 1) {
        const done = steps.slice(0, count);
        await runAll(done);
        await undoAll(done);
        for (const step of done) await undoStep(step);
        deepEqual(await bench.leftovers(refOf(plan)), [], `after ${done.at(-1)?.name ?? 'nothing'}`);
      }
    },
  },
  {
    title: 'says of every step how it is undone, or why it is not',
    run: async ({ driver, order }) => {
      const plan = driver.plan(await order());
      const steps = [...driver.create(plan), ...driver.settle(plan), ...driver.destroy(refOf(plan), [], 'delete')];
      for (const { name, undo, noUndo } of steps) ok(undo !== undefined || (noUndo ?? '') !== '', name);
    },
  },
  {
    title: 'settles and unsettles what follows the first start, twice each',
    run: (bench) =>
      withGuest(bench, async (_guest, order) => {
        const steps = bench.driver.settle(bench.driver.plan(order));
        await runAll(steps);
        await runAll(steps);
        await undoAll(steps);
        await undoAll(steps);
      }),
  },
  {
    title: 'starts a guest once, however often it is asked, and shows since when it runs',
    run: (bench) =>
      withGuest(bench, async (guest) => {
        await bench.driver.start(guest);
        const first = await bench.driver.inspect(guest);
        await bench.driver.start(guest);
        const second = await bench.driver.inspect(guest);
        equal(second?.state, 'running');
        notEqual(first?.startedAtMs, undefined);
        equal(second?.startedAtMs, first?.startedAtMs);
      }),
  },
  {
    title: 'stops a guest that is asked, by force when the time is over, and one that is stopped already',
    run: (bench) =>
      withGuest(bench, async (guest) => {
        await bench.driver.start(guest);
        await bench.driver.stop(guest, { mode: 'graceful', timeoutMs: 1 }, never());
        equal(await stateOf(bench, guest.uuid), 'stopped');
        await bench.driver.stop(guest, stopNow, never());
        await bench.driver.stop(guest, { mode: 'graceful', timeoutMs: 1 }, never());
        await bench.driver.start(guest);
        await bench.driver.stop(guest, stopNow, never());
        equal(await stateOf(bench, guest.uuid), 'stopped');
      }),
  },
  {
    title: 'has a guest run that somebody else starts after a reboot, where that is declared',
    needs: 'start.by-others',
    run: async (bench) => {
      if (!(await declares(bench, 'start.by-others'))) return;
      await withGuest(bench, async (guest) => {
        await bench.startByOthers(guest);
        equal(await stateOf(bench, guest.uuid), 'running');
        await bench.driver.start(guest);
        await bench.driver.stop(guest, stopNow, never());
        equal(await stateOf(bench, guest.uuid), 'stopped');
      });
    },
  },
  {
    title: 'pauses a guest and lets it go on, twice each, and stops one that is paused',
    needs: 'pause',
    run: async (bench) => {
      const { driver } = bench;
      const { pause, resume } = driver;
      if (pause === undefined || resume === undefined) return equal(await declares(bench, 'pause'), false);
      await withGuest(bench, async (guest) => {
        await rejects(pause(guest), isConflict);
        await rejects(resume(guest), isConflict);
        await driver.start(guest);
        const started = (await driver.inspect(guest))?.startedAtMs;
        await pause(guest);
        await pause(guest);
        equal(await stateOf(bench, guest.uuid), 'paused');
        await resume(guest);
        await resume(guest);
        const seen = await driver.inspect(guest);
        deepEqual([seen?.state, seen?.startedAtMs], ['running', started]);
        await pause(guest);
        await driver.start(guest);
        equal(await stateOf(bench, guest.uuid), 'running');
        await pause(guest);
        await driver.stop(guest, { mode: 'graceful', timeoutMs: 1 }, never());
        equal(await stateOf(bench, guest.uuid), 'stopped');
      });
    },
  },
  {
    title: 'destroys a running guest with everything, and what is gone already',
    run: async (bench) => {
      const { driver } = bench;
      const order = await bench.order();
      const plan = driver.plan(order);
      await runAll(driver.create(plan));
      await driver.start(plan);
      await runAll(driver.settle(plan));
      for (const step of driver.destroy(refOf(plan), order.claims.networks, 'delete')) {
        await runStep(step);
        await runStep(step);
      }
      equal(await driver.inspect(refOf(plan)), undefined);
      deepEqual(await bench.leftovers(refOf(plan)), []);
      await runAll(driver.destroy(refOf(plan), order.claims.networks, 'delete'));
    },
  },
  {
    title: 'keeps what a guest stands on when that is asked, and only that',
    run: async (bench) => {
      const { driver } = bench;
      const order = await bench.order();
      const plan = driver.plan(order);
      await runAll(driver.create(plan));
      await runAll(driver.destroy(refOf(plan), order.claims.networks, 'keep'));
      equal(await driver.inspect(refOf(plan)), undefined);
      notEqual((await bench.leftovers(refOf(plan))).length, 0);
      await runAll(driver.destroy(refOf(plan), order.claims.networks, 'delete'));
      deepEqual(await bench.leftovers(refOf(plan)), []);
    },
  },
];
