import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { host, leftOnHost, paths, prefix, removeLeft } from '../integration/installation.ts';
import { strangers } from '../integration/strangers.ts';
import { type Kind, kinds } from './kinds.ts';
import { type Planes, startPlane, startPlanes } from './planes.ts';
import { isTaken, takenPoints } from './selection.ts';
import { done } from './work.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-faults';
});

/** Undo is begun by a failure behind the last step that has one. */
interface Run {
  readonly killAt: string;
  readonly failAt?: string;
}

let url: string;

const begin = async (): Promise<void> => {
  await strangers.remove();
  await removeLeft();
  ({ url } = await ensureDatabase(host, paths));
};

beforeAll(begin);

// What one has left would be the next one's beginning.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await begin();
});

afterAll(async () => {
  await stopDatabase(host, paths);
  await host.files.remove(prefix);
  await strangers.remove();
});

const oneLife = async <T>(
  settings: Readonly<Record<string, string>>,
  work: (planes: Planes) => Promise<T>,
): Promise<T> => {
  const planes = await startPlanes(1, { DATABASE_URL: url, ...settings });
  try {
    return await work(planes);
  } finally {
    await planes.stop();
  }
};

const prepared = async (planes: Planes, { strangers: place, before }: Kind): Promise<void> => {
  if (place !== undefined) await planes.ask(place);
  for (const ask of before) await done(planes, ask);
};

const looksDone = async (planes: Planes, { workload, after }: Kind): Promise<void> => {
  const view = (await planes.ask((client) => client.workloads())).find((one) => one.name === workload);
  expect(view?.state).toBe(after);
};

const cleaned = async (planes: Planes, { cleanUp }: Kind): Promise<void> => {
  for (const ask of cleanUp) await done(planes, ask);
  expect(await leftOnHost()).toEqual([]);
};

/** As it goes when nothing happens; answers its steps. */
const goesWell = (kind: Kind): Promise<string[]> =>
  oneLife({}, async (planes) => {
    await prepared(planes, kind);
    const operation = await done(planes, kind.ask);
    expect(operation?.kind).toBe(kind.kind);
    await looksDone(planes, kind);
    await cleaned(planes, kind);
    return operation?.steps.map(({ name }) => name) ?? [];
  });

/** A control plane that kills itself, and another that finds what it has left. */
const isKilled = async (kind: Kind, { killAt, failAt }: Run): Promise<void> => {
  await oneLife({}, (planes) => prepared(planes, kind));
  const doomed = await startPlane(0, {
    DATABASE_URL: url,
    KILL_AT: killAt,
    ...(failAt === undefined ? {} : { FAIL_AT: failAt }),
  });
  const key = `kill-${killAt}-${Date.now()}`;
  await kind.ask(doomed.client, key).catch(() => undefined);
  await doomed.ended;
  await oneLife({}, async (planes) => {
    // The same request, since its answer may have been lost: the operation that there is.
    const operation = await done(planes, (client) => kind.ask(client, key), failAt === undefined ? 'done' : 'failed');
    expect(operation?.kind).toBe(kind.kind);
    if (failAt === undefined) await looksDone(planes, kind);
    else expect(await leftOnHost()).toEqual([]);
    if (failAt === undefined) await cleaned(planes, kind);
    else await done(planes, (client, idempotencyKey) => client.remove(kind.workload, { idempotencyKey }));
  });
};

describe('a control plane that is killed at a point of its journal leaves the next one to finish', () => {
  it.each(kinds.filter(({ title }) => isTaken(title)))(
    '$title',
    async (kind) => {
      const steps = await goesWell(kind);
      const points = steps.flatMap((step) => [`before ${step}`, `after ${step}`]);
      for (const killAt of takenPoints(points))
        await isKilled(kind, { killAt }).catch((cause: unknown) => {
          throw new Error(`killed ${killAt}`, { cause });
        });
    },
    900_000,
  );

  it.runIf(isTaken('undo'))(
    'the undo of what failed',
    async () => {
      const [creating] = kinds as readonly [Kind];
      const steps = await goesWell(creating);
      const points = steps.flatMap((step) => [`before undo of ${step}`, `after undo of ${step}`]);
      for (const killAt of takenPoints(points))
        await isKilled(creating, { killAt, failAt: `after ${steps.at(-1)}` }).catch((cause: unknown) => {
          throw new Error(`killed ${killAt}`, { cause });
        });
    },
    900_000,
  );
});
