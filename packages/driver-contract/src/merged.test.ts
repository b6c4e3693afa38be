import { once } from 'node:events';
import { expect, it } from 'vitest';
import { merged } from './merged.ts';

const never = new AbortController().signal;
const untilAborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};

it('says what all sources say, and ends with the last', async () => {
  const source = (...words: readonly string[]) =>
    async function* () {
      yield* words;
    };
  const heard: string[] = [];
  for await (const word of merged(never, [source('a', 'b'), source(), source('c')])) heard.push(word);
  expect(heard.sort()).toEqual(['a', 'b', 'c']);
});

it('ends its sources when its reader goes away', async () => {
  const ended: string[] = [];
  const source = (name: string) =>
    async function* (signal: AbortSignal) {
      yield name;
      await untilAborted(signal);
      ended.push(name);
    };
  for await (const _one of merged(never, [source('a'), source('b')])) break;
  expect(ended.sort()).toEqual(['a', 'b']);
});

it('ends when the signal fires, and with the failure of a source', async () => {
  const stop = new AbortController();
  const waits = async function* (signal: AbortSignal) {
    yield 'begun';
    await untilAborted(signal);
  };
  for await (const _one of merged(stop.signal, [waits])) stop.abort();
  const fails = async function* () {
    yield 'begun';
    throw new Error('no more');
  };
  const reading = async (): Promise<void> => {
    for await (const _one of merged(never, [waits, fails]));
  };
  await expect(reading()).rejects.toThrow('no more');
});
