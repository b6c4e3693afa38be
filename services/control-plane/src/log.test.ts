import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

const secret = 'a-marked-secret';

const written = (error: unknown): string => {
  let text = '';
  const log = createLog('info', {
    write: (line: string) => {
      text += line;
    },
  });
  log.error({ err: error }, 'it failed');
  return text;
};

/** As drizzle-orm makes them. */
const queryError = (cause: unknown): Error =>
  Object.assign(
    new Error(`Failed query: insert into t values ($1)\nparams: {"password":"${secret}"}\n    at evil`, { cause }),
    {
      query: 'insert into t values ($1)',
      params: [secret],
    },
  );

/** As postgres.js makes them. */
const rowError = Object.assign(new Error('violates check constraint'), {
  severity: 'ERROR',
  code: '23514',
  detail: `Failing row contains (1, ${secret})`,
  where: `JSON data, line 1: ${secret}`,
});

describe('an error in the log', () => {
  it.each([
    ['of a query', queryError(undefined)],
    ['of a row', rowError],
    ['of both', queryError(rowError)],
    ['behind another', new Error('an operation failed', { cause: queryError(rowError) })],
  ])('%s says what failed and quotes nothing', (_what, error) => {
    const text = written(error);
    expect(text).not.toContain(secret);
    expect(text).toContain(error.message.split('\n')[0]);
    expect(text).toContain('log.test.ts');
  });

  it('of anything else is as it is', () =>
    expect(written(new Error('no such file /a/b'))).toContain('no such file /a/b'));

  it('never has a token', () => {
    let text = '';
    createLog('info', {
      write: (line: string) => {
        text += line;
      },
    }).info({ request: { token: secret } }, 'asked');
    expect(text).not.toContain(secret);
  });
});
