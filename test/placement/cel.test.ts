import { CelScalar, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { compileCondition, type RuleFacts } from '@innkeeper/placement';
import { describe, expect, it } from 'vitest';
import { conditions, knownDifferences, optionalConditions } from './conditions.ts';

const wiki: RuleFacts = {
  w: {
    name: 'wiki',
    project: 'default',
    image: 'debian/12',
    os: 'linux',
    backend: 'auto',
    isolation: 'shared',
    cpus: 2n,
    memory: 2n ** 31n,
    disk: 10n * 2n ** 30n,
    labels: { app: 'blog' },
    networks: ['default'],
    devices: ['gpu', 'usb'],
    nested: true,
    privileged: false,
    ephemeral: false,
    liveMigration: false,
  },
  h: {
    name: 'h1',
    state: 'up',
    labels: { zone: 'a', wiki: 'yes' },
    images: ['debian/12'],
    devices: ['gpu'],
    cpus: 8n,
    memory: 16n * 2n ** 30n,
    freeMemory: 9n * 2n ** 30n,
    workloads: 3n,
  },
  d: { name: 'lxc', backend: 'lxc', acceleration: 'none' },
};

const sets: Readonly<Record<string, RuleFacts>> = {
  'a wiki on a container host': wiki,
  'a desktop on a small host': {
    w: {
      ...wiki.w,
      name: 'desktop',
      image: 'windows/11',
      os: 'windows',
      cpus: 4n,
      labels: { tier: 'gold', 'a.b/c': 'x' },
      devices: [],
      networks: ['lan', 'default'],
      nested: false,
      privileged: true,
    },
    h: { ...wiki.h, labels: {}, devices: ['usb', 'render'], freeMemory: 0n, workloads: 40n },
    d: { name: 'kvm', backend: 'kvm', acceleration: 'kvm' },
  },
  'next to nothing anywhere': {
    w: { ...wiki.w, name: '', cpus: 0n, memory: 0n, labels: {}, networks: [], devices: ['gpu'], nested: false },
    h: { ...wiki.h, name: '', labels: {}, devices: [], cpus: 0n, memory: 0n, freeMemory: 0n, workloads: 0n },
    d: { name: '', backend: '', acceleration: '' },
  },
};

/** An error of any kind: what engines say of it differs. */
type Outcome = boolean | 'error';

const ours = (when: string, facts: RuleFacts): Outcome => {
  try {
    return compileCondition(when).holds(facts);
  } catch {
    return 'error';
  }
};

const toMap = (record: object): Map<string, unknown> =>
  new Map(
    Object.entries(record).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === 'object' && value !== null && !Array.isArray(value) ? toMap(value) : value,
    ]),
  );

const environment = celEnv({ variables: { w: CelScalar.DYN, h: CelScalar.DYN, d: CelScalar.DYN } });

const theirs = (when: string, { w, h, d }: RuleFacts): Outcome => {
  try {
    const evaluate = plan(environment, parse(when)) as (input: Record<string, unknown>) => unknown;
    const value = evaluate({ w: toMap(w), h: toMap(h), d: toMap(d) });
    return typeof value === 'boolean' && !isCelError(value) ? value : 'error';
  } catch {
    return 'error';
  }
};

const rows = Object.entries(conditions).flatMap(([chapter, list]) => list.map((when) => ({ chapter, when })));

describe.each(Object.entries(sets))('two engines agree for %s', (_, facts) => {
  it.each(rows)('$chapter: $when', ({ when }) => expect(ours(when, facts)).toBe(theirs(when, facts)));
});

describe('the conditions that are compared', () => {
  it('are many, each once, and all of them can be saved', () => {
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(new Set(rows.map(({ when }) => when)).size).toBe(rows.length);
    for (const { when } of rows) expect(() => compileCondition(when)).not.toThrow();
  });

  it('have every kind of outcome', () => {
    const outcomes = rows.map(({ when }) => ours(when, wiki));
    for (const one of [true, false, 'error'])
      expect(outcomes.filter((each) => each === one).length).toBeGreaterThanOrEqual(10);
  });
});

describe('optional access, which only one engine has', () => {
  it.each(optionalConditions)('%s is %s', (when, result) => {
    expect(ours(when, wiki)).toBe(result);
    expect(theirs(when, wiki)).toBe('error');
  });
});

describe('what the engines are known to differ in', () => {
  it.each(knownDifferences)('%s is %s here and %s there', (when, here, there) => {
    expect([ours(when, wiki), theirs(when, wiki)]).toEqual([here, there]);
  });
});
