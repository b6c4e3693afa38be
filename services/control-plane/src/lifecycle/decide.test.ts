import { fc, test } from '@fast-check/vitest';
import { endingKinds, guestStates } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { decideLife, endsOrReturns, type Life, nextMoment, restsOnGuest } from './decide.ts';

const created = new Date('2026-01-01T00:00:00Z');
const now = new Date('2026-01-01T01:00:00Z');
const after = (ms: number): Date => new Date(now.getTime() + ms);

const plain: Life['spec'] = { power: 'running', restart: 'never', ephemeral: false, protect: false, ttlMs: undefined };
const life = (spec: Partial<Life['spec']>, rest: Partial<Life> = {}): Life => ({
  spec: { ...plain, ...spec },
  ttl: '30m',
  createdAt: created,
  ready: true,
  guest: 'stopped',
  startedInThisBoot: true,
  busy: false,
  leaving: false,
  endedAt: now,
  ending: { kind: 'clean', text: 'shutdown' },
  restartStreak: 0,
  nextRestartAt: null,
  keptFrom: null,
  ...rest,
});
const decide = (spec: Partial<Life['spec']>, rest: Partial<Life> = {}) => decideLife(life(spec, rest), now);

const failed = { kind: 'failed', text: 'crashed' } as const;
const ends = { do: 'remove', event: 'workload.ended', why: 'it is ephemeral and has stopped' } as const;
const expires = { do: 'remove', event: 'workload.expired', why: 'its ttl of 30m is over' } as const;
const ttl = { ttlMs: 30 * 60_000 };

describe('a guest that has ended', () => {
  it('stays as it is with restart: never', () => expect(decide({})).toEqual([]));

  it.each(endingKinds)('is started again with restart: always, after an end that was %s', (kind) =>
    expect(decide({ restart: 'always' }, { ending: { kind, text: 'x' } })).toEqual([
      { do: 'schedule', afterMs: 1000, why: 'restart: always' },
    ]),
  );

  it.each(endingKinds)('is started again with restart: on-failure only when it failed (%s)', (kind) =>
    expect(decide({ restart: 'on-failure' }, { ending: { kind, text: 'x' } })).toEqual(
      kind === 'failed' ? [{ do: 'schedule', afterMs: 1000, why: 'restart: on-failure' }] : [],
    ),
  );

  it('waits longer with each restart', () =>
    expect(decide({ restart: 'always' }, { restartStreak: 3 })).toMatchObject([{ afterMs: 8000 }]));

  it('is started at the time that was set, not before', () => {
    expect(decide({ restart: 'always' }, { nextRestartAt: after(1) })).toEqual([]);
    expect(decide({ restart: 'always' }, { nextRestartAt: now })).toEqual([{ do: 'start', why: 'restart: always' }]);
  });

  it('is asked how it ended when nobody saw it', () =>
    expect(decide({ restart: 'always' }, { endedAt: null, ending: null })).toEqual([{ do: 'learn' }]));

  it.each([
    ['an operation is unfinished', { busy: true }],
    ['it is being removed', { leaving: true }],
    ['it was never made completely', { ready: false }],
    ['its host was rebooted since', { startedInThisBoot: false }],
    ['its host does not answer', { guest: undefined }],
    ['it is paused', { guest: 'paused' }],
  ] as const)('is left alone while %s', (_text, rest) => {
    expect(decide({ restart: 'always' }, rest)).toEqual([]);
    expect(decide({ ephemeral: true }, rest)).toEqual([]);
  });

  it('is not started at its time when its host was rebooted meanwhile', () =>
    expect(decide({ restart: 'always' }, { startedInThisBoot: false, nextRestartAt: now })).toEqual([
      { do: 'forget' },
    ]));

  it('is not started when somebody wants it stopped', () =>
    expect(decide({ restart: 'always', power: 'stopped' }, { ending: failed })).toEqual([]));

  it('is removed when it is ephemeral, whoever stopped it, and not started again', () => {
    expect(decide({ ephemeral: true, restart: 'always' })).toEqual([ends]);
    expect(decide({ ephemeral: true, power: 'stopped' })).toEqual([ends]);
  });

  it('is not removed when it was stopped before it became ephemeral, or never ran', () =>
    expect(decide({ ephemeral: true, power: 'stopped' }, { endedAt: null, ending: null })).toEqual([]));

  it('is forgotten to have ended once it runs again', () => {
    expect(decide({ restart: 'always' }, { guest: 'running', nextRestartAt: now })).toEqual([{ do: 'forget' }]);
    expect(decide({ restart: 'always' }, { guest: 'running', endedAt: null })).toEqual([]);
  });
});

describe('a ttl', () => {
  it('counts from the creation, and removes when it is over', () => {
    expect(decide(ttl)).toEqual([expires]);
    expect(decide({ ttlMs: 60 * 60_000 + 1 })).toEqual([]);
    expect(decide({ ttlMs: 60 * 60_000 })).toMatchObject([{ do: 'remove' }]);
  });

  it.each([{ guest: 'running' }, { busy: true }, { ready: false }, { startedInThisBoot: false }] as const)(
    'ends it also when %j',
    (rest) => expect(decide(ttl, { ...rest, endedAt: null })).toEqual([expires]),
  );

  it('removes once', () => expect(decide(ttl, { leaving: true })).toEqual([]));

  it('removes nothing that is protected, says so once, and lets the rest go on', () => {
    const kept = { ...expires, do: 'keep' };
    const protectedOne = { ...ttl, protect: true, restart: 'always' } as const;
    const restart = { do: 'schedule', afterMs: 1000, why: 'restart: always' };
    expect(decide(protectedOne)).toEqual([kept, restart]);
    expect(decide(protectedOne, { keptFrom: expires.why })).toEqual([restart]);
    expect(decide(protectedOne, { keptFrom: 'its ttl of 1m is over' })).toEqual([kept, restart]);
    expect(decide({ ephemeral: true, protect: true })).toEqual([{ ...ends, do: 'keep' }]);
  });
});

describe('what time brings', () => {
  it('is the sooner of the restart and the end of the ttl', () => {
    const both = { nextRestartAt: after(5000) };
    expect(nextMoment(life({ ttlMs: 60 * 60_000 + 1000 }, both), now)).toEqual(after(1000));
    expect(nextMoment(life({ ttlMs: 60 * 60_000 + 9000 }, both), now)).toEqual(after(5000));
  });

  it('is nothing when all is over', () => {
    expect(nextMoment(life({ ...ttl, protect: true }), now)).toBeUndefined();
    expect(nextMoment(life({}), now)).toBeUndefined();
  });
});

describe('any life', () => {
  const lives = fc.record({
    spec: fc.record({
      power: fc.constantFrom('running', 'stopped', 'paused'),
      restart: fc.constantFrom('never', 'on-failure', 'always'),
      ephemeral: fc.boolean(),
      protect: fc.boolean(),
      ttlMs: fc.option(fc.integer({ min: 1, max: 7_200_000 }), { nil: undefined }),
    }),
    ttl: fc.constant('30m'),
    createdAt: fc.constant(created),
    ready: fc.boolean(),
    guest: fc.option(fc.constantFrom(...guestStates), { nil: undefined }),
    startedInThisBoot: fc.boolean(),
    busy: fc.boolean(),
    leaving: fc.boolean(),
    endedAt: fc.option(fc.constant(now)),
    ending: fc.option(fc.record({ kind: fc.constantFrom(...endingKinds), text: fc.constant('x') })),
    restartStreak: fc.nat(20),
    nextRestartAt: fc.option(fc.constantFrom(now, after(1000))),
    keptFrom: fc.constant(null),
  }) as fc.Arbitrary<Life>;

  test.prop([lives])('is never ended when it is protected, nor by anything but a ttl while its guest runs', (one) => {
    const decisions = decideLife(one, now);
    const removed = decisions.find((decision) => decision.do === 'remove');
    if (one.spec.protect) expect(removed).toBeUndefined();
    if (one.guest !== 'stopped' && removed !== undefined) expect(restsOnGuest(removed)).toBe(false);
  });

  test.prop([lives])('is never started against what its manifest says, nor while something is done about it', (one) => {
    const starts = decideLife(one, now).some((decision) => decision.do === 'start' || decision.do === 'schedule');
    if (starts)
      expect(one).toMatchObject({ busy: false, leaving: false, guest: 'stopped', spec: { power: 'running' } });
    if (one.spec.restart === 'never') expect(starts).toBe(false);
  });
});

describe('a manifest', () => {
  it.each([{ restart: 'always' }, { restart: 'on-failure' }, { ephemeral: true }, { ttl: '2h' }] as const)(
    'with %j is looked after',
    (spec) => expect(endsOrReturns({ image: 'debian/12', ...spec })).toBe(true),
  );
  it.each([{}, { restart: 'never' }, { ephemeral: false }] as const)('with %j is not', (spec) =>
    expect(endsOrReturns({ image: 'debian/12', ...spec })).toBe(false),
  );
});
