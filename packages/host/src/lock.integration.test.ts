import { afterAll, beforeAll, expect, it } from 'vitest';
import { localHost } from './local.ts';
import { withHostLock } from './lock.ts';

const host = localHost('lock');
const folder = '/tmp/innkeeper-test-lock';
const file = `${folder}/one`;

beforeAll(() => host.files.makeDirectory(folder));
afterAll(() => host.files.remove(folder));

it('lets one work at a time, also of several processes, and the next when the first has failed', async () => {
  const order: string[] = [];
  let enter = (): void => undefined;
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const first = withHostLock(host, file, async () => {
    order.push('first in');
    enter();
    await new Promise((resolve) => setTimeout(resolve, 200));
    order.push('first out');
    throw new Error('failed');
  });
  await entered;
  const [one, two] = await Promise.allSettled([first, withHostLock(host, file, async () => order.push('second'))]);
  expect(one).toMatchObject({ status: 'rejected', reason: expect.objectContaining({ message: 'failed' }) });
  expect(two.status).toBe('fulfilled');
  expect(order).toEqual(['first in', 'first out', 'second']);
});

it('says who waits in vain', async () => {
  await withHostLock(host, file, async () => {
    await expect(withHostLock(host, file, async () => undefined, 1000)).rejects.toMatchObject({ code: 'transient' });
  });
});
