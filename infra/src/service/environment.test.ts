import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { formatSettings, parseSettings, settingsIn } from './environment.ts';

const line = fc.string({ minLength: 1 }).filter((text) => !/[\n\r\u2028\u2029]/.test(text));

test.prop([line, line])('any values come back as they were written', (DATABASE_URL, INNKEEPER_WEB) => {
  const settings = { DATABASE_URL, INNKEEPER_WEB };
  expect(parseSettings(`# ours\n${formatSettings(settings)}`)).toEqual(settings);
});

test('values written by hand need no quotes; comments, empty and foreign ones are none', () => {
  const content = 'DATABASE_URL=postgres://a@b/c\n# INNKEEPER_LISTEN=off\nINNKEEPER_WEB=\nPATH=/bin\n';
  expect(parseSettings(content)).toEqual({ DATABASE_URL: 'postgres://a@b/c' });
});

test('neither the prefix nor a token of the command is kept', () => {
  expect(
    settingsIn({ INNKEEPER_PREFIX: '/x', INNKEEPER_TOKEN: 'secret', INNKEEPER_LISTEN: 'off', HOME: '/root' }),
  ).toEqual({ INNKEEPER_LISTEN: 'off' });
});
