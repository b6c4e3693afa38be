import { expect, it } from 'vitest';
import type { Step, StepContext } from './contract.ts';
import { together } from './together.ts';

const context: StepContext = { signal: new AbortController().signal, fence: 1, progress: () => undefined };

it('runs and undoes steps at the same time, and waits for the others when one fails', async () => {
  const said: string[] = [];
  let release: () => void = () => undefined;
  const slow: Step = {
    name: 'slow',
    run: () => new Promise((resolve) => (release = () => resolve(void said.push('slow ran')))),
    undo: async () => void said.push('slow undone'),
  };
  const broken: Step = {
    name: 'broken',
    run: async () => {
      said.push('broken failed');
      release();
      throw new Error('broken');
    },
    undo: async () => void said.push('broken undone'),
  };
  const step = together('both', slow, broken);
  await expect(step.run(context)).rejects.toThrow('broken');
  expect(said).toEqual(['broken failed', 'slow ran']);
  await step.undo?.(context);
  expect(said.slice(2)).toEqual(['slow undone', 'broken undone']);
});
