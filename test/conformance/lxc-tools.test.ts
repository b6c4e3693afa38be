import { conformanceCases } from '@innkeeper/driver-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLxcToolsBench } from './lxc-tools-bench.ts';
import type { OpenBench } from './orders.ts';

describe('the driver lxc-tools', () => {
  let bench: OpenBench;
  let foreign: string;

  beforeAll(async () => {
    bench = await openLxcToolsBench();
    foreign = await bench.foreign.fingerprint();
  });

  afterAll(async () => {
    expect(await bench.foreign.fingerprint()).toBe(foreign);
    await bench.close();
  });

  it.each(conformanceCases)('$title', async ({ run }) => {
    await run(bench);
  });
});
