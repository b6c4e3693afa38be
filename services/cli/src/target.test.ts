import { expect, test } from 'vitest';
import { readTarget } from './target.ts';

test("the machine's own control plane is asked, or the one that a variable names", () => {
  expect(readTarget({})).toEqual({ socket: '/run/innkeeper/api.sock' });
  expect(readTarget({ INNKEEPER_PREFIX: '/tmp/x' })).toEqual({ socket: '/tmp/x/run/innkeeper/api.sock' });
  expect(readTarget({ INNKEEPER_SOCKET: '/run/two.sock', INNKEEPER_TOKEN: 't' })).toEqual({
    socket: '/run/two.sock',
    token: 't',
  });
  expect(readTarget({ INNKEEPER_URL: 'https://h1:7766', INNKEEPER_TOKEN: 't' })).toEqual({
    url: 'https://h1:7766',
    token: 't',
  });
  expect(() => readTarget({ INNKEEPER_URL: 'https://h1:7766' })).toThrow(/needs INNKEEPER_TOKEN/);
});
