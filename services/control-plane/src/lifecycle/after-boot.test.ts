import { expect, it } from 'vitest';
import { startedBefore } from './after-boot.ts';

const one = (name: string, ...dependsOn: string[]) => ({ name, spec: { image: 'debian/12', dependsOn } });

const before = (name: string, all: readonly ReturnType<typeof one>[]): string[] =>
  startedBefore(all.find((other) => other.name === name) ?? one(name), all).map((other) => other.name);

it('a workload is started after those that it depends on, as far as they are there', () => {
  const all = [one('db'), one('cache'), one('web', 'db', 'cache', 'gone')];
  expect(before('web', all)).toEqual(['db', 'cache']);
  expect(before('db', all)).toEqual([]);
});

it('those that depend on each other wait for nobody of the circle, and for the others still', () => {
  const all = [one('a', 'b', 'db'), one('b', 'c'), one('c', 'a'), one('db'), one('self', 'self')];
  expect(before('a', all)).toEqual(['db']);
  expect(before('b', all)).toEqual([]);
  expect(before('c', all)).toEqual([]);
  expect(before('self', all)).toEqual([]);
});
