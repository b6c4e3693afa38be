import { fileURLToPath } from 'node:url';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import type { OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { guestPrefix, host, leftOnHost, paths, prefix, removeLeft } from '../integration/installation.ts';
import { type Plane, startPlane } from './planes.ts';
import { isFew } from './selection.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-faults';
});

const root = fileURLToPath(new URL('../..', import.meta.url));
const older = '/tmp/innkeeper-test-older';
const [one, two, three] = ['one', 'two', 'three'].map((word) => `${guestPrefix}-${word}`) as [string, string, string];
const spec = { image: 'debian/12', backend: 'lxc', memory: '256MiB' } as const;

let url: string;
const running: Plane[] = [];

const git = async (...words: readonly string[]): Promise<string> =>
  (await host.run(['git', '-C', root, ...words], { timeoutMs: 60_000 })).stdout.trim();

/** The version before the newest migration, from the project's own history, built beside this one. */
const buildOlder = async (): Promise<string> => {
  const folder = 'packages/inventory/migrations';
  const newest = (await host.files.list(`${root}${folder}`))
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .at(-1);
  // By its number: it may have had another name before it was given out.
  const number = newest?.split('_')[0];
  const added = (await git('log', '--diff-filter=A', '--format=%H', '--', `${folder}/${number}_*`)).split('\n').at(-1);
  await host.files.remove(older);
  await host.run(['git', 'clone', '-q', root, older], { timeoutMs: 120_000 });
  await host.run(['git', '-C', older, 'checkout', '-q', `${added}^`]);
  await host.run(['cp', '-a', `${root}node_modules`, `${older}/`], { timeoutMs: 300_000 });
  await host.run([process.execPath, 'node_modules/typescript/bin/tsc', '-b'], { cwd: older, timeoutMs: 300_000 });
  return `${older}/test/faults/plane.js`;
};

const start = async (number: number, program?: string): Promise<Plane> => {
  const plane = await startPlane(number, { DATABASE_URL: url }, program);
  expect(plane.runs(), plane.complaint()).toBe(true);
  running.push(plane);
  return plane;
};

const ended = async (by: Plane, operation: OperationView | undefined): Promise<OperationView> => {
  if (operation === undefined) throw new Error('there was nothing to do');
  let now = operation;
  while (now.finishedAt === undefined) now = await by.client.operation(now.id, '5s');
  return now;
};

beforeAll(async () => {
  await removeLeft();
  ({ url } = await ensureDatabase(host, paths));
}, 300_000);

afterAll(async () => {
  for (const plane of running) plane.signal('SIGTERM');
  await Promise.all(running.map((plane) => plane.ended));
  await stopDatabase(host, paths);
  await host.files.remove(prefix);
  await host.files.remove(older);
});

it.skipIf(isFew)(
  'a version with a new migration takes the place of the one before, beside it and without a pause',
  async () => {
    const before = await start(0, await buildOlder());
    expect(await ended(before, await before.client.put(one, spec))).toMatchObject({ state: 'done' });
    // Its migration comes in the middle of what the older one does.
    before.pauseAtPoints(700);
    const underWay = await before.client.put(two, spec);
    const after = await start(1);
    expect(await ended(after, underWay)).toMatchObject({ state: 'done' });
    before.pauseAtPoints(0);
    const names = async (by: Plane): Promise<readonly string[]> =>
      (await by.client.workloads()).flatMap(({ name, managed }) => (managed ? [name] : [])).sort();
    expect(await names(before)).toEqual(await names(after));
    expect(await ended(after, await before.client.act(one, 'stop'))).toMatchObject({ state: 'done' });
    expect(await ended(before, await after.client.act(one, 'start'))).toMatchObject({ state: 'done' });
    // The older one is told to end while it works.
    before.pauseAtPoints(700);
    const last = await before.client.put(three, spec);
    before.signal('SIGTERM');
    await before.ended;
    expect(await ended(after, last)).toMatchObject({ state: 'done' });
    for (const name of await names(after))
      expect(await ended(after, await after.client.remove(name))).toMatchObject({ state: 'done' });
    expect(await leftOnHost()).toEqual([]);
  },
  600_000,
);
