import type { WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { dependenciesFirst } from './dependencies.ts';

const spec = (...dependsOn: string[]): WorkloadSpec => ({ image: 'debian/12', dependsOn });
const order = (specs: Record<string, WorkloadSpec>): string[] => dependenciesFirst(specs).map(([name]) => name);

describe('workloads of a manifest', () => {
  it('come after what they depend on, else as they were written', () => {
    expect(order({ web: spec('app'), app: spec('db', 'cache'), db: spec(), cache: spec(), wiki: spec() })).toEqual([
      'db',
      'cache',
      'app',
      'web',
      'wiki',
    ]);
  });

  it('may depend on what is not in the manifest', () => expect(order({ web: spec('db') })).toEqual(['web']));

  it('are refused when they wait for each other', () => {
    expect(() => order({ a: spec('b'), b: spec('c'), c: spec('a') })).toThrow('depends on itself: a → b → c → a');
    expect(() => order({ a: spec('a') })).toThrow('workloads.a.dependsOn: depends on itself: a → a');
  });
});
