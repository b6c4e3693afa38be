import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { InnkeeperError } from '@innkeeper/model';
import { contractVersion } from '../contract.ts';
import { type ConformanceCase, declares, never, refOf, runAll, stopNow, undoAll, withGuest } from './bench.ts';

const isRefusal =
  (...codes: readonly string[]) =>
  (thrown: unknown): boolean =>
    thrown instanceof InnkeeperError && codes.includes(thrown.code);

/** Until a start is told: an emulated machine takes its time. */
const startMs = 100_000;

/** What a driver says of itself and of others, and that it keeps to it. */
export const reportCases: readonly ConformanceCase[] = [
  {
    title: 'says who it is, and speaks this contract',
    run: async ({ driver }) => {
      const { id, contract } = driver.info();
      ok(/^[a-z][a-z0-9-]*$/.test(id));
      equal(contract, contractVersion);
      const report = await driver.probe();
      equal(report.driver, id);
      equal(report.backend, driver.info().backend);
      equal(report.placeable, driver.info().placeable);
      equal(report.healthy, true, report.reason);
    },
  },
  {
    title: 'has evidence for what it can do, and a reason for what it cannot',
    run: async ({ driver }) => {
      const { capabilities } = await driver.probe();
      for (const [name, capability] of Object.entries(capabilities)) {
        ok(capability.evidence !== '', name);
        if (capability.value === false) ok((capability.reasonIfAbsent ?? '') !== '', `${name} has no reason`);
      }
    },
  },
  {
    title: 'offers a group exactly when it declares the capability',
    run: async (bench) => {
      equal(bench.driver.exec !== undefined, await declares(bench, 'exec'), 'exec');
      equal(bench.driver.onFiles !== undefined, await declares(bench, 'files.stopped'), 'onFiles');
      equal(bench.driver.console !== undefined, await declares(bench, 'console'), 'console');
      equal(bench.driver.consoleHistory !== undefined, await declares(bench, 'console'), 'consoleHistory');
      equal(bench.driver.pause !== undefined, await declares(bench, 'pause'), 'pause');
      equal(bench.driver.resume !== undefined, await declares(bench, 'pause'), 'resume');
      equal(bench.driver.rename !== undefined, await declares(bench, 'rename'), 'rename');
      for (const part of [
        'snapshot',
        'restore',
        'settleRestore',
        'removeSnapshot',
        'noteSnapshot',
        'snapshots',
      ] as const)
        equal(bench.driver[part] !== undefined, await declares(bench, 'snapshots'), part);
      equal(bench.driver.clone !== undefined, await declares(bench, 'clone'), 'clone');
      equal(bench.driver.addPool !== undefined, await declares(bench, 'pools'), 'addPool');
      equal(bench.driver.reach !== undefined, await declares(bench, 'pools'), 'reach');
      equal(bench.driver.removePool !== undefined, await declares(bench, 'pools'), 'removePool');
      equal(bench.driver.backup !== undefined, await declares(bench, 'backup'), 'backup');
      equal(bench.driver.screen !== undefined, await declares(bench, 'screen'), 'screen');
      equal(bench.driver.screenshot !== undefined, await declares(bench, 'screen'), 'screenshot');
      equal(bench.driver.sendKeys !== undefined, await declares(bench, 'screen'), 'sendKeys');
      equal(bench.driver.adopt !== undefined, await declares(bench, 'adopt'), 'adopt');
      equal(bench.driver.release !== undefined, await declares(bench, 'adopt'), 'release');
      equal(bench.driver.portable !== undefined, await declares(bench, 'convert.from'), 'portable');
      equal(bench.driver.setAside !== undefined, await declares(bench, 'convert.from'), 'setAside');
      equal(bench.driver.importContainer !== undefined, await declares(bench, 'convert.to'), 'importContainer');
    },
  },
  {
    title: 'refuses to plan a guest of a system that it does not offer',
    run: async ({ driver, order }) => {
      const value = (await driver.probe()).capabilities['guest.os']?.value;
      const offered = Array.isArray(value) ? value : [];
      for (const family of (['linux', 'windows'] as const).filter((one) => !offered.includes(one))) {
        const base = await order();
        const spec = { ...base.spec, image: { ...base.spec.image, family } };
        throws(() => driver.plan({ ...base, spec }), isRefusal('unsupported'));
      }
    },
  },
  {
    title: 'shows a guest that is not ours, as not ours',
    run: async ({ driver, foreign }) => {
      const seen = (await driver.list()).find(({ uuid }) => uuid === foreign.guest.uuid);
      equal(seen?.name, foreign.guest.name);
      equal(seen?.ownership, undefined);
    },
  },
  {
    title: 'never stops or destroys a guest that is not ours',
    run: async ({ driver, foreign }) => {
      const before = await foreign.fingerprint();
      await rejects(driver.stop(foreign.guest, stopNow, never()), isRefusal('conflict'));
      await rejects(runAll(driver.destroy(foreign.guest, [], 'delete')), isRefusal('conflict'));
      equal(await foreign.fingerprint(), before);
    },
  },
  {
    title: 'creates nothing under the name of a guest that is not ours, and leaves that as it was',
    run: async (bench) => {
      const { driver, foreign } = bench;
      const before = await foreign.fingerprint();
      const plan = driver.plan({ ...(await bench.order()), name: foreign.guest.name });
      const steps = driver.create(plan);
      try {
        await rejects(runAll(steps));
      } finally {
        await undoAll(steps);
      }
      equal(await foreign.fingerprint(), before);
      equal(await driver.inspect(refOf(plan)), undefined);
    },
  },
  {
    title: 'tells what happens to a guest',
    run: (bench) =>
      withGuest(bench, async (guest) => {
        const stopping = new AbortController();
        const told = (async (): Promise<boolean> => {
          for await (const event of bench.driver.watch(stopping.signal)) {
            if (event.kind === 'guest' && event.name === guest.name) return true;
            // Events are followed from now on: whoever watches reads everything once.
            if (event.kind === 'gap') await bench.driver.start(guest);
          }
          return false;
        })();
        const late = setTimeout(() => stopping.abort(), startMs);
        equal(await told, true);
        clearTimeout(late);
        stopping.abort();
      }),
  },
  {
    title: 'says what a running guest costs, and nothing of one that is not there',
    run: (bench) =>
      withGuest(bench, async (guest) => {
        await bench.driver.start(guest);
        const nobody = { uuid: '00000000-0000-4000-8000-000000000000', name: 'test-nobody' };
        const stats = await bench.driver.stats([guest, nobody]);
        ok((stats.get(guest.uuid)?.memoryBytes ?? 0) > 0, 'memory');
        ok((stats.get(guest.uuid)?.cpuSeconds ?? -1) >= 0, 'cpu');
        deepEqual(Object.keys(stats.get(nobody.uuid) ?? {}), []);
      }),
  },
  {
    title: 'finds its guests as they were after its daemon was restarted',
    run: (bench) =>
      withGuest(bench, async (guest) => {
        if (bench.restartBackend === undefined) return;
        await bench.driver.start(guest);
        const before = await bench.driver.inspect(guest);
        await bench.restartBackend();
        const after = await bench.driver.inspect(guest);
        equal(after?.state, 'running');
        deepEqual(after?.ownership, before?.ownership);
      }),
  },
];
