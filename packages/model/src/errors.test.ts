import { describe, expect, it } from 'vitest';
import { errorCodes, InnkeeperError, messageChain, toInnkeeperError } from './errors.ts';

describe('the chain of messages', () => {
  it('is outermost first', () => {
    const inner = new Error('connection refused');
    const middle = new InnkeeperError('unavailable', 'The database does not answer', { cause: inner });
    const outer = new InnkeeperError('transient', 'wiki was not started', { cause: middle });
    expect(messageChain(outer)).toEqual(['wiki was not started', 'The database does not answer', 'connection refused']);
  });

  it('ends at what is no error', () => {
    expect(messageChain(new Error('a', { cause: 'text' }))).toEqual(['a']);
    expect(messageChain('text')).toEqual([]);
    expect(messageChain(undefined)).toEqual([]);
  });
});

describe('the one error', () => {
  it('passes through unchanged', () => {
    const error = new InnkeeperError('busy', 'wiki is being removed');
    expect(toInnkeeperError(error)).toBe(error);
  });

  it('hides what a defect says from the user and keeps it for the log', () => {
    const error = toInnkeeperError(new TypeError('x is undefined'));
    expect(error).toMatchObject({ code: 'internal', message: 'Something went wrong inside Innkeeper' });
    expect(error.detail).toContain('x is undefined');
    expect(toInnkeeperError('thrown text').detail).toBe('thrown text');
  });

  it('has no cause, hint or complaints unless they are given', () => {
    const error = new InnkeeperError('invalid', 'no');
    expect('cause' in error).toBe(false);
    expect(error).toMatchObject({ hint: undefined, detail: undefined, complaints: [] });
  });

  it.each(Object.entries(errorCodes))(
    '%s maps to a refusing status and a failing exit code',
    (_, { http, exit, title }) => {
      expect(http).toBeGreaterThanOrEqual(400);
      expect(http).toBeLessThan(600);
      expect(exit).toBeGreaterThan(0);
      expect(title).not.toBe('');
    },
  );
});
