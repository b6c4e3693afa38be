import { expect, test } from 'vitest';
import { guardedHost } from './guarded.ts';
import { localHost } from './local.ts';

test('nothing is begun on a host while it is not permitted, and what answers later says so later', async () => {
  let permitted = true;
  const host = guardedHost(localHost('guarded'), () => {
    if (!permitted) throw new Error('not now');
  });
  expect((await host.run(['echo', 'x'])).stdout).toBe('x\n');
  expect(await host.files.readText('/proc/self/comm')).not.toBe('');
  expect(host.id).toBe('guarded');
  permitted = false;
  await expect(host.run(['echo', 'x'])).rejects.toThrow('not now');
  await expect(host.files.readText('/proc/self/comm')).rejects.toThrow('not now');
  await expect(host.connect({ socket: '/nowhere' })).rejects.toThrow('not now');
  expect(() => host.spawn(['true'])).toThrow('not now');
  expect(() => host.lines(['true'], AbortSignal.abort())).toThrow('not now');
  expect(() => host.permit?.()).toThrow('not now');
});
