import { describe, expect, it } from 'vitest';
import { endingFrom, endingsOf, endOf } from './endings.ts';

const uuid = 'aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa';
const event = (detail: string) =>
  ({ kind: 'lifecycle', domain: 'web', event: 'lifecycle', detail, timeMs: 0 }) as const;

describe('what an event says of an end', () => {
  it.each(['Stopped Failed', 'Stopped Crashed', 'Crashed Panicked'])('%s is a failure', (detail) =>
    expect(endOf(event(detail))).toBe('failed'),
  );
  it.each(['Stopped Shutdown', 'Stopped Destroyed', 'Started Booted'])('%s is none', (detail) =>
    expect(endOf(event(detail))).toBe('other'),
  );
  it.each(['Shutdown Finished after host request', 'Suspended Paused'])('%s is no end', (detail) =>
    expect(endOf(event(detail))).toBeUndefined(),
  );
});

describe('an ending', () => {
  it.each([
    ['shutdown', 'clean'],
    ['destroyed', 'destroyed'],
    ['crashed', 'failed'],
    ['failed', 'failed'],
    ['daemon', 'failed'],
    ['panicked', 'failed'],
    ['saved', 'unknown'],
    ['from snapshot', 'unknown'],
    ['unknown', 'unknown'],
  ] as const)('with the reason %s is %s', (reason, kind) =>
    expect(endingFrom(reason, false)).toEqual({ kind, text: reason }),
  );

  it('is a failure when only the event said so, as with a killed controller of a container', () =>
    expect(endingFrom('shutdown', true)).toEqual({ kind: 'failed', text: 'failed' }));

  it("is somebody's hand whatever an event said before", () =>
    expect(endingFrom('destroyed', true).kind).toBe('destroyed'));

  it('is read for those that are there, and an event counts until the next start', async () => {
    const endings = endingsOf({ reasons: async () => new Map([[uuid, 'shutdown']]) });
    const guests = [
      { uuid, name: 'web' },
      { uuid: 'bbbbbbbb-0000-4000-8000-bbbbbbbbbbbb', name: 'gone' },
    ];
    endings.heard(event('Stopped Failed'));
    expect([...(await endings.read(guests))]).toEqual([[uuid, { kind: 'failed', text: 'failed' }]]);
    endings.heard(event('Started Booted'));
    expect([...(await endings.read(guests))]).toEqual([[uuid, { kind: 'clean', text: 'shutdown' }]]);
  });
});
