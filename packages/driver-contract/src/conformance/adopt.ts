import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import type { Driver } from '../contract.ts';
import { ownershipOf } from '../ownership.ts';
import { type ConformanceBench, type ConformanceCase, declares, isConflict } from './bench.ts';

/** Twice each, as after a kill; another workload must not get what is taken. */
const adoptAndRelease = async (
  { foreign, order }: ConformanceBench,
  driver: Driver & Required<Pick<Driver, 'adopt' | 'release'>>,
): Promise<void> => {
  const { guest } = foreign;
  const before = await driver.inspect(guest);
  const fingerprint = await foreign.fingerprint();
  const owned = ownershipOf(await order());
  try {
    await driver.adopt(guest, owned);
    await driver.adopt(guest, owned);
    deepEqual(await driver.inspect(guest), { ...before, ownership: owned });
    await rejects(driver.adopt(guest, ownershipOf(await order())), isConflict);
    notEqual(await foreign.fingerprint(), fingerprint);
  } finally {
    await driver.release(guest);
  }
  await driver.release(guest);
  deepEqual(await driver.inspect(guest), before);
  equal(await foreign.fingerprint(), fingerprint);
};

/** Taking over what somebody else made. The bench's foreign guest runs where the backend can run one. */
export const adoptCases: readonly ConformanceCase[] = [
  {
    title: 'adopts a foreign guest without a restart, and releases it as it was',
    needs: 'adopt',
    run: async (bench) => {
      const { driver } = bench;
      const { adopt, release } = driver;
      if (!(await declares(bench, 'adopt'))) return deepEqual([adopt, release], [undefined, undefined]);
      if (adopt === undefined || release === undefined) throw new Error('declares adopt, and has no adopt or release');
      await adoptAndRelease(bench, { ...driver, adopt, release });
    },
  },
];
