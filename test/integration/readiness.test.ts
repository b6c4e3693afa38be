import { exec } from '@innkeeper/client';
import type { WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, install, leftOnHost, paths, viewWhere as viewOf } from './installation.ts';

const [name, follower] = ['test-op-db', 'test-op-web'];
const image = { image: 'debian/12', backend: 'lxc' } as const;
const patienceMs = 60_000;

let innkeeper: Installation;

beforeAll(async () => {
  innkeeper = await install();
});

afterAll(async () => {
  for (const { name: one } of await innkeeper.client.workloads())
    if (one.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(one));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

const viewWhere = (who: string, fits: (view: WorkloadView) => boolean): Promise<WorkloadView> =>
  viewOf(innkeeper, who, fits);

/** A server inside that outlives the command which starts it. */
const inside = async (script: string): Promise<void> => {
  const outputs = { stdout: () => undefined, stderr: () => undefined };
  const stream = await exec({ socket: paths.socket }, name, { command: ['sh', '-c', script] }, outputs);
  await stream.exit;
};

const serve = `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 9, LocalPort => 7007, ReuseAddr => 1) or die; fork and exit; while (my $c = $s->accept) { close $c }' </dev/null >/dev/null 2>&1`;

it('a workload is ready when its port accepts, and what depends on that waits until then', async () => {
  const { client, finished } = innkeeper;
  const probe = { readiness: { tcp: 7007, every: '1s' } } as const;
  expect((await finished(await client.put(name, { ...image, ...probe }))).state).toBe('done');
  const unready = await viewWhere(name, ({ readiness }) => readiness?.text?.includes('refuses') === true);
  expect(unready).toMatchObject({ state: 'running', readiness: { ready: false } });

  const operation = await client.put(follower, { ...image, dependsOn: [{ workload: name, until: 'ready' }] });
  await viewWhere(
    follower,
    ({ state, operation: now }) => state === 'waiting' && now?.progress?.includes('ready') === true,
  );

  await inside(serve);
  const ready = await viewWhere(name, ({ readiness }) => readiness?.ready === true);
  expect(Date.parse(ready.readiness?.since ?? '')).toBeGreaterThan(0);
  expect((await finished(operation)).state).toBe('done');
});

it('is not ready any more when its port closes, nor after a restart', async () => {
  const { client, finished } = innkeeper;
  await inside('pkill perl || kill $(pidof perl)');
  await viewWhere(name, ({ readiness }) => readiness?.ready === false);
  await inside(serve);
  await viewWhere(name, ({ readiness }) => readiness?.ready === true);
  expect((await finished(await client.act(name, 'restart'))).state).toBe('done');
  await viewWhere(name, ({ readiness }) => readiness?.ready === false);
  const kinds = [];
  for await (const event of client.events(AbortSignal.timeout(patienceMs), '0')) {
    if (event.subject.name !== name || !/ready$/.test(event.kind)) continue;
    kinds.push(event.kind);
    if (kinds.length === 3) break;
  }
  expect(kinds).toEqual(['workload.ready', 'workload.unready', 'workload.ready']);
});

it('a command or systemd inside says it as well', async () => {
  const { client, finished } = innkeeper;
  await finished(await client.put(name, { ...image, readiness: { command: ['test', '-e', '/srv/up'], every: '1s' } }));
  const not = await viewWhere(name, ({ readiness }) => readiness?.text?.includes('exits with 1') === true);
  expect(not.readiness?.text).toBe('test exits with 1');
  await inside('touch /srv/up');
  await viewWhere(name, ({ readiness }) => readiness?.ready === true);
  await finished(await client.put(name, { ...image, readiness: { systemd: true, every: '1s' } }));
  await viewWhere(name, ({ readiness }) => readiness?.ready === true);
});
