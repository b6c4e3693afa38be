import { conformanceCases, endRunning } from '@innkeeper/driver-contract';
import { type DriverReport, messageChain } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenBench } from './orders.ts';

/** What the table of docs/conformance.md is made from, a row for each case and driver. */
export interface ConformanceMeta {
  readonly driver: string;
  readonly title: string;
  readonly declared: boolean;
  readonly report: Pick<DriverReport, 'versions' | 'capabilities'>;
}

declare module 'vitest' {
  interface TaskMeta {
    conformance?: ConformanceMeta;
  }
}

/** All that any driver has to pass, with a guest beside that is not ours and must not change. */
export const conformance = (id: string, open: () => Promise<OpenBench>, timeoutMs?: number): void => {
  describe(`the driver ${id}`, () => {
    let bench: OpenBench;
    let foreign: string;
    let report: DriverReport;

    beforeAll(async () => {
      bench = await open();
      foreign = await bench.foreign.fingerprint();
      report = await bench.driver.probe();
    });

    afterAll(async () => {
      await endRunning(bench);
      expect(await bench.foreign.fingerprint()).toBe(foreign);
      await bench.close();
    });

    for (const { title, needs, run } of conformanceCases) {
      it(title, timeoutMs === undefined ? {} : { timeout: timeoutMs }, async ({ task }) => {
        const declared = needs === undefined || report.capabilities[needs]?.value === true;
        const { versions, capabilities } = report;
        task.meta.conformance = { driver: id, title, declared, report: { versions, capabilities } };
        try {
          await run(bench);
        } catch (error) {
          // Reports of other machines have the message alone, and what libvirt said is a cause of it.
          throw new Error(messageChain(error).join(': '), { cause: error });
        }
      });
    }
  });
};
