import { expect, test } from 'vitest';
import { waitFor } from './wait.ts';

test('the first answer ends the waiting', async () => {
  let asked = 0;
  expect(await waitFor(() => (++asked === 3 ? 'now' : undefined), { limitMs: 1000, everyMs: 1 })).toBe('now');
  expect(asked).toBe(3);
});

test('it asks once even without any time', async () => {
  expect(await waitFor(() => 'at once', { limitMs: 0 })).toBe('at once');
  expect(await waitFor(() => undefined, { limitMs: 0 })).toBeUndefined();
});
