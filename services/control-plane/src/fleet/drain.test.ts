import { expect, it } from 'vitest';
import { drainWaves } from './drain.ts';

const one = (name: string, ...dependsOn: string[]) => ({ name, spec: { image: 'debian/12', dependsOn } }) as const;

it.each([
  [[], []],
  [[one('b'), one('a')], [['a', 'b']]],
  [
    [one('db'), one('web', 'db'), one('proxy', 'web')],
    [['proxy'], ['web'], ['db']],
  ],
  [
    [one('db'), one('web', 'db'), one('cron', 'db')],
    [['cron', 'web'], ['db']],
  ],
  // What runs elsewhere, or not at all, is nobody's to wait for.
  [[one('web', 'db')], [['web']]],
  [
    [one('a', 'b'), one('b', 'a'), one('c', 'a')],
    [['c'], ['a', 'b']],
  ],
])('%j is stopped in the waves %j', (running, waves) => {
  expect(
    drainWaves(running.map((each) => ({ ...each, spec: { ...each.spec, dependsOn: [...each.spec.dependsOn] } }))),
  ).toEqual(waves);
});
