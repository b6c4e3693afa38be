import { deepEqual, equal, rejects } from 'node:assert/strict';
import type { Driver, GuestOrder, GuestRef } from '../contract.ts';
import {
  type ConformanceBench,
  type ConformanceCase,
  declares,
  isConflict,
  never,
  runAll,
  runStep,
  stopNow,
  undoAll,
  undoStep,
  withGuest,
} from './bench.ts';

type Renaming = Driver & Required<Pick<Driver, 'rename'>>;

const steps = (driver: Renaming, guest: GuestRef, to: string, order: GuestOrder) =>
  driver.rename(guest, to, order.claims.networks);

/** Twice each, as after a kill, and back by the undo. */
const renamed = async (driver: Renaming, guest: GuestRef, order: GuestOrder): Promise<void> => {
  const to = `${guest.name}-new`;
  const before = await driver.inspect(guest);
  for (const step of steps(driver, guest, to, order)) {
    await runStep(step);
    await runStep(step);
  }
  deepEqual(await driver.inspect(guest), { ...before, name: to });
  await driver.start({ ...guest, name: to });
  await rejects(runAll(steps(driver, { ...guest, name: to }, guest.name, order)), isConflict);
  await driver.stop({ ...guest, name: to }, stopNow, never());
  for (const step of [...steps(driver, guest, to, order)].reverse()) {
    await undoStep(step);
    await undoStep(step);
  }
  deepEqual(await driver.inspect(guest), before);
};

const refused = async (
  { foreign }: ConformanceBench,
  driver: Renaming,
  guest: GuestRef,
  order: GuestOrder,
): Promise<void> => {
  const fingerprint = await foreign.fingerprint();
  const before = await driver.inspect(guest);
  const taken = steps(driver, guest, foreign.guest.name, order);
  await rejects(runAll(taken), isConflict);
  await undoAll(taken);
  await rejects(runAll(steps(driver, foreign.guest, `${guest.name}-mine`, order)), isConflict);
  deepEqual(await driver.inspect(guest), before);
  equal(await foreign.fingerprint(), fingerprint);
};

export const renameCases: readonly ConformanceCase[] = [
  {
    title: 'gives a guest another name and everything else stays, and never takes the name of another',
    needs: 'rename',
    run: async (bench) => {
      const { driver } = bench;
      const { rename } = driver;
      if (rename === undefined) return equal(await declares(bench, 'rename'), false);
      await withGuest(bench, async (guest, order) => {
        await renamed({ ...driver, rename }, guest, order);
        await refused(bench, { ...driver, rename }, guest, order);
      });
    },
  },
];
