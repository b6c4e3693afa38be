import { deepEqual, equal, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { CloneGroup, CloneOrigin, Driver, GuestPlan, GuestRef, Step } from '../contract.ts';
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
import { options, outputOf, untilAnswers } from './commands.ts';

type Capable = Driver & CloneGroup;

const script = async ({ driver }: ConformanceBench, guest: GuestRef, text: string): Promise<string> => {
  const process = await driver.exec?.(guest, options(['sh', '-c', text]));
  if (process === undefined) throw new Error('no exec');
  process.stdin.end();
  const { out, code } = await outputOf(process);
  equal(code, 0, text);
  return out;
};

const twice = async (step: Step, work: (step: Step) => Promise<void>): Promise<void> => {
  await work(step);
  await work(step);
};

/** Whatever came of it is taken away in the end. */
const withPlan = async (
  { driver, order }: ConformanceBench,
  work: (plan: GuestPlan) => Promise<void>,
): Promise<void> => {
  const made = await order();
  const plan = driver.plan(made);
  try {
    await work(plan);
  } finally {
    await runAll(driver.destroy(refOf(plan), made.claims.networks, 'delete'));
  }
};

const prepare = [
  'rm /etc/issue; echo held > /root/held; ln /root/held /root/linked; chown 33:1000 /root/held; chmod 4711 /root/held',
  'rm -r /etc/cron.daily; mkdir /etc/cron.daily; echo own > /etc/cron.daily/own; sync',
].join(' && ');
const portrait =
  'stat -c "%n %u:%g %a %h %s" /root/held /root/linked /etc/cron.daily/*; ls /etc/issue 2>&1; cat /root/held';
const self = 'cat /etc/machine-id /etc/hostname /etc/hosts | grep -v -e localhost -e ip6-';

/** Undone from the end, each step twice: nothing of the new guest is left, and the other one is as it was. */
const undone = async (
  bench: ConformanceBench,
  driver: Capable,
  plan: GuestPlan,
  origin: CloneOrigin,
): Promise<void> => {
  const steps = driver.clone(plan, origin);
  await driver.pause?.(origin.guest);
  await undoAll(steps);
  equal((await driver.inspect(origin.guest))?.state, 'running');
  await runAll(steps);
  for (const step of [...steps].reverse()) await twice(step, undoStep);
  deepEqual(await bench.leftovers(refOf(plan)), []);
  equal(await driver.inspect(refOf(plan)), undefined);
  equal((await driver.inspect(origin.guest))?.state, 'running');
};

const cloned = async (bench: ConformanceBench, driver: Capable, guest: GuestRef): Promise<void> => {
  await driver.start(guest);
  await untilAnswers(bench, guest);
  await script(bench, guest, prepare);
  const origin = { guest, ran: true };
  await withPlan(bench, async (plan) => {
    await undone(bench, driver, plan, origin);
    // As a kill in the middle leaves it.
    await driver.pause?.(guest);
    for (const step of driver.clone(plan, origin)) await twice(step, runStep);
    equal((await driver.inspect(guest))?.state, 'running');
    await driver.start(refOf(plan));
    await untilAnswers(bench, refOf(plan));
    equal(await script(bench, refOf(plan), portrait), await script(bench, guest, portrait));
    const [theirs, ours] = [await script(bench, guest, self), await script(bench, refOf(plan), self)];
    deepEqual(
      ours.split('\n').filter((line) => line !== '' && theirs.includes(line)),
      [],
    );
  });
};

const refused = async (bench: ConformanceBench, driver: Capable, guest: GuestRef): Promise<void> => {
  const { foreign } = bench;
  const fingerprint = await foreign.fingerprint();
  for (const [origin, expected] of [
    [{ guest: foreign.guest, ran: true }, isConflict],
    [{ guest, ran: false, snapshot: randomUUID() }, { code: 'not_found' }],
  ] as const) {
    await withPlan(bench, async (plan) => {
      const steps = driver.clone(plan, origin);
      await rejects(runAll(steps), expected);
      await undoAll(steps);
      deepEqual(await bench.leftovers(refOf(plan)), []);
    });
  }
  equal(await foreign.fingerprint(), fingerprint);
};

export const cloneCases: readonly ConformanceCase[] = [
  {
    title:
      'makes a guest that holds what another one holds and is somebody else, by steps that can be repeated and undone',
    needs: 'clone',
    run: async (bench) => {
      const isCapable = (one: Driver): one is Capable => one.clone !== undefined;
      const { driver } = bench;
      if (!isCapable(driver)) return equal(await declares(bench, 'clone'), false);
      await withGuest(bench, async (guest) => {
        await cloned(bench, driver, guest);
        await driver.stop(guest, stopNow, never());
        await refused(bench, driver, guest);
      });
    },
  },
];
