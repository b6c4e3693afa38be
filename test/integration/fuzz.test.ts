import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { host } from './installation.ts';

interface Result {
  readonly statuses: Readonly<Record<string, number>>;
  readonly failures: readonly unknown[];
  readonly left: readonly string[];
  readonly stillAnswers: boolean;
  readonly megabytes: Readonly<Record<'before' | 'after', { readonly heap: number }>>;
}

const program = fileURLToPath(new URL('../fuzz/run.js', import.meta.url));

it('three thousand requests that mean no good are answered with what is wrong, and none with a defect', async () => {
  const command = [process.execPath, '--expose-gc', program, '--requests', '3000', '--json'];
  const { stdout } = await host.run(command, { timeoutMs: 100_000, expect: [0, 1] });
  const { statuses, failures, left, stillAnswers, megabytes } = JSON.parse(stdout) as Result;
  expect(failures).toEqual([]);
  expect({ left, stillAnswers }).toEqual({ left: [], stillAnswers: true });
  // They come past the first check often enough to say something.
  for (const status of ['101', '200', '400', '401', '403', '404']) expect(statuses[status]).toBeGreaterThan(20);
  expect(megabytes.after.heap - megabytes.before.heap).toBeLessThan(50);
});
