import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import type { HostChange } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { guestPrefix, host, leftOnHost, paths, prefix, removeLeft } from '../integration/installation.ts';
import { type Planes, startPlanes } from './planes.ts';
import { isFew } from './selection.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-faults';
});

const count = 1000;
const names = Array.from({ length: count }, (_, index) => `${guestPrefix}-${index}`);
const spec = { image: 'debian/12', backend: 'lxc' } as const;

let planes: Planes;
let healthy = 0;
let watching: NodeJS.Timeout | undefined;
const unhealthy: string[] = [];

const statusOf = (path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get({ socketPath: `${paths.run}/plane0.sock`, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });

const memoryMebibytes = async (): Promise<number> => {
  const text = await host.files.readText(`/proc/${planes.all[0]?.pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
};

beforeAll(async () => {
  await removeLeft();
  const { url } = await ensureDatabase(host, paths);
  planes = await startPlanes(2, { DATABASE_URL: url });
  watching = setInterval(() => {
    for (const path of ['/healthz', '/readyz'])
      statusOf(path).then(
        (status) => {
          if (status === 200) healthy += 1;
          else unhealthy.push(`${path}: ${status}`);
        },
        (error: unknown) => void unhealthy.push(`${path}: ${String(error)}`),
      );
  }, 500);
});

afterAll(async () => {
  clearInterval(watching);
  await planes?.stop();
  await stopDatabase(host, paths);
  await host.files.remove(prefix);
});

const changeLocal = async (change: HostChange): Promise<void> => {
  const [local] = await planes.ask((client) => client.hosts());
  await planes.ask((client) => client.changeHost(local?.name ?? '', change));
};

const untilNoneIs = async (states: readonly string[]): Promise<void> => {
  await vi.waitFor(
    async () => {
      const operations = (await planes.ask((client) => client.operations(1000))).filter(({ state }) =>
        states.includes(state),
      );
      expect(operations).toHaveLength(0);
    },
    { timeout: 240_000, interval: 1000 },
  );
};

describe.skipIf(isFew)('a thousand requests at once', () => {
  it('are all accepted, looked at one after the other, and health stays green', async () => {
    const before = await memoryMebibytes();
    const [plane] = planes.all;
    // Each of them waits for a host: a thousand cost none of them anything.
    await changeLocal({ draining: true });
    const answers = await Promise.allSettled(
      names.map((name) => plane?.client.put(name, spec, { idempotencyKey: randomUUID() })),
    );
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([]);
    expect(new Set(answers.map((one) => (one.status === 'fulfilled' ? one.value?.id : ''))).size).toBe(count);
    await untilNoneIs(['queued', 'running']);
    expect(await planes.ask((client) => client.operations(1000))).toEqual(
      Array.from({ length: count }, () => expect.objectContaining({ kind: 'apply', state: 'waiting' })),
    );
    expect(await memoryMebibytes()).toBeLessThan(before + 300);
  }, 600_000);

  it('are taken back as fast, and nothing is left of them', async () => {
    const answers = await Promise.allSettled(names.map((name) => planes.ask((client) => client.remove(name))));
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    await vi.waitFor(async () => expect(await planes.ask((client) => client.workloads())).toEqual([]), {
      timeout: 240_000,
      interval: 1000,
    });
    expect(await leftOnHost()).toEqual([]);
    await changeLocal({ draining: false });
    expect(unhealthy).toEqual([]);
    expect(healthy).toBeGreaterThan(5);
  }, 600_000);
});

describe.skipIf(isFew)('one host', () => {
  it('is given eight operations at a time by all control planes together, and the rest when one ends', async () => {
    const some = names.slice(0, 16);
    const stopped = { image: 'debian/12', backend: 'lxc', memory: '64MiB', power: 'stopped' } as const;
    const running = async (): Promise<number> =>
      (await planes.ask((client) => client.operations(100))).filter(({ state }) => state === 'running').length;
    await changeLocal({ cpuRatio: 64 });
    await Promise.all(some.map((name) => planes.ask((client) => client.put(name, stopped))));
    await untilNoneIs(['queued', 'running']);
    for (const plane of planes.all) plane.pauseAtPoints(400);
    await Promise.all(
      some.map((name, index) =>
        planes.all[index % 2]?.client.rename(name, `${name}-r`, { idempotencyKey: randomUUID() }),
      ),
    );
    const seen: number[] = [];
    await vi.waitFor(
      async () => {
        seen.push(await running());
        const operations = await planes.ask((client) => client.operations(100));
        expect(operations.filter(({ finishedAt }) => finishedAt === undefined)).toEqual([]);
      },
      { timeout: 120_000, interval: 50 },
    );
    // Two that are taken in the same moment may both get the last turn.
    expect(Math.max(...seen)).toBeLessThanOrEqual(9);
    expect(Math.max(...seen)).toBeGreaterThan(4);
    for (const plane of planes.all) plane.pauseAtPoints(0);
    const ended = await planes.ask((client) => client.operations(some.length));
    expect(ended.map(({ kind, state }) => `${kind} ${state}`)).toEqual(some.map(() => 'rename done'));
    await Promise.all(some.map((name) => planes.ask((client) => client.remove(`${name}-r`))));
    await untilNoneIs(['queued', 'running']);
    expect(await leftOnHost()).toEqual([]);
  }, 300_000);
});
