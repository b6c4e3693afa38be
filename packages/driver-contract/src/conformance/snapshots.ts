import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Driver, GuestRef, SnapshotGroup, SnapshotOrder } from '../contract.ts';
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
import { options, outputOf, untilAnswers } from './commands.ts';

type Capable = Driver & SnapshotGroup;

const orderOf = (name: string, ran: boolean): SnapshotOrder => ({
  id: randomUUID(),
  name,
  createdAt: new Date().toISOString(),
  ran,
});

const script = async ({ driver }: ConformanceBench, guest: GuestRef, text: string): Promise<string> => {
  const process = await driver.exec?.(guest, options(['sh', '-c', text]));
  if (process === undefined) throw new Error('no exec');
  process.stdin.end();
  const { out, code } = await outputOf(process);
  equal(code, 0, text);
  return out;
};

/** What a backend may have marks of its own for: a file of the image deleted, one changed, a folder of it replaced. */
const change = [
  'rm /etc/issue; echo changed >> /etc/debian_version; chown 33:33 /etc/debian_version; chmod 4711 /etc/debian_version',
  'rm -r /etc/cron.daily; mkdir /etc/cron.daily; echo own > /etc/cron.daily/own',
  'mkdir -p /root/held; echo one > /root/held/one; ln /root/held/one /root/held/two; ln -s /etc/shadow /root/held/link',
  'sync',
].join(' && ');

const wreck = [
  'echo back > /etc/issue; rm /etc/debian_version /root/held/one; echo more >> /root/held/two',
  'rm -r /etc/cron.daily; echo added > /root/added; mkdir /etc/issue.d.test',
].join(' && ');

const places = '/etc/issue /etc/issue.d.test /etc/debian_version /etc/cron.daily /root/held /root/added';
const portrait = `find ${places} -printf '%p %y %m %U:%G %n %l %T@\\n' 2>/dev/null | sort; find ${places} -type f -exec sha256sum {} + 2>/dev/null | sort`;

/** Stops it where it runs, goes back, and starts it again. */
const goBack = async (bench: ConformanceBench, driver: Capable, guest: GuestRef, id: string): Promise<void> => {
  await driver.stop(guest, stopNow, never());
  await runAll(driver.restore(guest, id));
  await driver.start(guest);
  await runAll(driver.settleRestore(guest, id));
  await untilAnswers(bench, guest);
};

const idsOf = async (driver: Capable, guest: GuestRef): Promise<string[]> =>
  (await driver.snapshots(guest)).map(({ id }) => id).sort();

const refused = async ({ foreign }: ConformanceBench, driver: Capable): Promise<void> => {
  const fingerprint = await foreign.fingerprint();
  const order = orderOf('theirs', true);
  for (const steps of [
    driver.snapshot(foreign.guest, order),
    driver.restore(foreign.guest, order.id),
    driver.settleRestore(foreign.guest, order.id),
    driver.removeSnapshot(foreign.guest, order.id),
  ]) {
    await rejects(runAll(steps), isConflict);
    await undoAll(steps);
  }
  await rejects(driver.noteSnapshot(foreign.guest, order.id, { name: 'theirs' }), isConflict);
  deepEqual(await driver.snapshots(foreign.guest), []);
  equal(await foreign.fingerprint(), fingerprint);
};

/** Nothing at all where that is not declared. */
const withCapable = async (
  bench: ConformanceBench,
  work: (driver: Capable, guest: GuestRef) => Promise<void>,
): Promise<void> => {
  const { driver } = bench;
  const isCapable = (one: Driver): one is Capable => one.snapshot !== undefined;
  if (!isCapable(driver)) return equal(await declares(bench, 'snapshots'), false);
  await withGuest(bench, (guest) => work(driver, guest));
};

export const snapshotCases: readonly ConformanceCase[] = [
  {
    title:
      'keeps what a guest holds while it runs, is paused or stopped, and goes back to exactly that, more than once',
    needs: 'snapshots',
    run: (bench) =>
      withCapable(bench, async (driver, guest) => {
        await driver.start(guest);
        await untilAnswers(bench, guest);
        await script(bench, guest, change);
        const before = await script(bench, guest, portrait);
        const kept: SnapshotOrder[] = [];
        const keep = async (ran: boolean, state: string): Promise<void> => {
          const order = orderOf(`kept-${kept.length}`, ran);
          await runAll(driver.snapshot(guest, order));
          kept.push(order);
          equal((await driver.inspect(guest))?.state, state);
        };
        await keep(true, 'running');
        if (driver.pause !== undefined) {
          await driver.pause(guest);
          await keep(false, 'paused');
        }
        await driver.stop(guest, stopNow, never());
        await keep(false, 'stopped');
        await driver.start(guest);
        await untilAnswers(bench, guest);
        for (const { id } of [...kept, ...kept.slice(0, 1)]) {
          await script(bench, guest, wreck);
          notEqual(await script(bench, guest, portrait), before);
          await goBack(bench, driver, guest, id);
          equal(await script(bench, guest, portrait), before);
        }
      }),
  },
  {
    title:
      'makes, goes back to and removes snapshots by steps that can be repeated and undone, and shows no half of one',
    needs: 'snapshots',
    run: (bench) =>
      withCapable(bench, async (driver, guest) => {
        const left = await bench.leftovers(guest);
        const [first, second] = [orderOf('first', false), orderOf('second', false)];
        const undone = driver.snapshot(guest, first);
        await undoAll(undone);
        await runAll(undone);
        for (const step of [...undone].reverse()) {
          await undoStep(step);
          await undoStep(step);
        }
        deepEqual(await driver.snapshots(guest), []);
        deepEqual(await bench.leftovers(guest), left);
        for (const order of [first, second])
          for (const step of driver.snapshot(guest, order)) {
            await runStep(step);
            await runStep(step);
          }
        deepEqual(await idsOf(driver, guest), [first.id, second.id].sort());
        const { ran, ...note } = first;
        const { sizeBytes, ...seen } = (await driver.snapshots(guest)).find(({ id }) => id === first.id) ?? {};
        deepEqual(seen, note);
        ok((sizeBytes ?? -1) >= 0 && !ran);
        for (const words of [{ name: 'renamed', description: 'said later' }, { name: 'renamed' }]) {
          await driver.noteSnapshot(guest, first.id, words);
          await driver.noteSnapshot(guest, first.id, words);
          const { id, createdAt } = first;
          const { sizeBytes: size, ...noted } = (await driver.snapshots(guest)).find((one) => one.id === id) ?? {};
          deepEqual(noted, { id, createdAt, ...words });
        }
        const back = driver.restore(guest, first.id);
        await undoAll(back);
        for (const step of back) {
          await runStep(step);
          await runStep(step);
        }
        for (const step of [...back].reverse()) {
          await undoStep(step);
          await undoStep(step);
        }
        await driver.start(guest);
        await rejects(runAll(driver.restore(guest, first.id)), isConflict);
        await undoAll(driver.restore(guest, first.id));
        equal((await driver.inspect(guest))?.state, 'running');
        for (const step of driver.removeSnapshot(guest, first.id)) {
          await runStep(step);
          await runStep(step);
        }
        deepEqual(await idsOf(driver, guest), [second.id]);
      }),
  },
  {
    title: 'lets a guest go on that was frozen for a snapshot which a kill cut short',
    needs: 'snapshots',
    run: (bench) =>
      withCapable(bench, async (driver, guest) => {
        if (driver.pause === undefined) return;
        await driver.start(guest);
        for (const ends of [runAll, undoAll]) {
          await driver.pause(guest);
          await ends(driver.snapshot(guest, orderOf('cut', true)));
          equal((await driver.inspect(guest))?.state, 'running');
        }
      }),
  },
  {
    title: 'makes no snapshot of a guest that is not ours, and goes back to none that is not there',
    needs: 'snapshots',
    run: (bench) =>
      withCapable(bench, async (driver, guest) => {
        await refused(bench, driver);
        await rejects(runAll(driver.restore(guest, randomUUID())), { code: 'not_found' });
        await rejects(driver.noteSnapshot(guest, randomUUID(), { name: 'nothing' }), { code: 'not_found' });
      }),
  },
];
