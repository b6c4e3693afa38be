import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { adoptedImage, type Ownership } from '@innkeeper/model';
import type { AdoptGroup, Driver } from '../contract.ts';
import { ownershipOf } from '../ownership.ts';
import {
  type ConformanceBench,
  type ConformanceCase,
  declares,
  isConflict,
  never,
  runAll,
  runStep,
  stopNow,
} from './bench.ts';

type Adopter = Driver & AdoptGroup;

/** What the workload of an adopted guest says of it: what it has, it has from its owner. */
const ownershipFor = async ({ order, foreign }: ConformanceBench, driver: AdoptGroup): Promise<Ownership> => {
  const { cpus, memoryBytes } = await driver.adoptable(foreign.guest);
  const memory = memoryBytes === 0 ? {} : { memory: `${Math.floor(memoryBytes / 1024)}KiB` };
  return {
    ...ownershipOf(await order()),
    spec: { image: adoptedImage, cpus, ...memory },
    claims: { networks: [] },
    adopted: { tookAutostart: false },
  };
};

/** Twice each, as after a kill; another workload must not get what is taken. */
const adoptAndRelease = async (bench: ConformanceBench, driver: Adopter): Promise<void> => {
  const { guest, fingerprint } = bench.foreign;
  const before = await driver.inspect(guest);
  const untouched = await fingerprint();
  const owned = await ownershipFor(bench, driver);
  equal(await fingerprint(), untouched);
  try {
    await driver.adopt(guest, owned);
    await driver.adopt(guest, owned);
    deepEqual(await driver.inspect(guest), { ...before, ownership: owned });
    await rejects(driver.adopt(guest, await ownershipFor(bench, driver)), isConflict);
    const again = { ...owned, generation: owned.generation + 1 };
    await driver.adopt(guest, again);
    deepEqual(await driver.inspect(guest), { ...before, ownership: again });
    notEqual(await fingerprint(), untouched);
  } finally {
    await driver.release(guest);
  }
  await driver.release(guest);
  deepEqual(await driver.inspect(guest), before);
  equal(await fingerprint(), untouched);
};

/** What its owner made is not ours to take away or to change. */
const leaveAsItIs = async (bench: ConformanceBench, driver: Adopter): Promise<void> => {
  const { guest, fingerprint } = bench.foreign;
  const untouched = await fingerprint();
  try {
    await driver.adopt(guest, await ownershipFor(bench, driver));
    const adopted = await fingerprint();
    await rejects(runAll(driver.destroy(guest, [], 'delete')), isConflict);
    const plan = driver.plan(await bench.order());
    await rejects(driver.reconfigure({ ...plan, ...guest }), isConflict);
    const [renaming] = driver.rename?.(guest, `${guest.name}-2`, []) ?? [];
    if (renaming !== undefined) await rejects(runStep(renaming), isConflict);
    equal(await fingerprint(), adopted);
  } finally {
    await driver.release(guest);
  }
  equal(await fingerprint(), untouched);
};

/** Of a guest that was created there is nothing to adopt, and nobody to give it back to. */
const refuseOwn = async (bench: ConformanceBench, driver: Adopter): Promise<void> => {
  const order = await bench.order();
  const plan = driver.plan(order);
  try {
    await runAll(driver.create(plan));
    await rejects(driver.adopt(plan, await ownershipFor(bench, driver)), isConflict);
    await rejects(driver.release(plan), isConflict);
  } finally {
    await driver.stop(plan, stopNow, never());
    await runAll(driver.destroy(plan, order.claims.networks, 'delete'));
  }
};

const whereDeclared = async (
  bench: ConformanceBench,
  work: (bench: ConformanceBench, driver: Adopter) => Promise<void>,
): Promise<void> => {
  const { driver } = bench;
  const { adoptable, adopt, release } = driver;
  if (!(await declares(bench, 'adopt')))
    return deepEqual([adoptable, adopt, release], [undefined, undefined, undefined]);
  if (adoptable === undefined || adopt === undefined || release === undefined)
    throw new Error('declares adopt, and has no adoptable, adopt or release');
  await work(bench, { ...driver, adoptable, adopt, release });
};

/** Taking over what somebody else made. The bench's foreign guest runs where the backend can run one. */
export const adoptCases: readonly ConformanceCase[] = [
  {
    title: 'adopts a foreign guest without a restart, and releases it as it was',
    needs: 'adopt',
    run: (bench) => whereDeclared(bench, adoptAndRelease),
  },
  {
    title: 'takes away and changes nothing of an adopted guest',
    needs: 'adopt',
    run: (bench) => whereDeclared(bench, leaveAsItIs),
  },
  {
    title: 'adopts and releases no guest that was created',
    needs: 'adopt',
    run: (bench) => whereDeclared(bench, refuseOwn),
  },
];
