import { request } from 'node:http';
import { exec } from '@innkeeper/client';
import { openApiText } from '@innkeeper/control-plane';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import { restoreFromFile } from '@innkeeper/inventory';
import { connect } from '@innkeeper/libvirt';
import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

const lxc = connect(host, 'lxc:///system');
const [kept, gone, newer] = ['test-op-kept', 'test-op-gone', 'test-op-newer'] as const;
const spec: WorkloadSpec = { image: 'debian/12', memory: '128MiB' };

let innkeeper: Installation;

const put = async (name: string, wanted: WorkloadSpec = spec): Promise<void> => {
  expect(await innkeeper.finished(await innkeeper.client.put(name, wanted))).toMatchObject({ state: 'done' });
};

const remove = async (name: string): Promise<void> => {
  await innkeeper.finished(await innkeeper.client.remove(name));
};

/** Since when it runs: another moment is another life. */
const runsSince = async (name: string): Promise<number | undefined> =>
  (await host.files.facts(`/run/libvirt/lxc/${name}.pid`))?.modifiedMs;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asking = request({ socketPath: paths.socket, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text }),
      );
    });
    asking.once('error', reject);
    asking.end(method === 'GET' || method === 'DELETE' ? undefined : '{}');
  });

const id = '11111111-2222-4333-8444-555555555555';
const { paths: described } = JSON.parse(openApiText()) as { readonly paths: Record<string, Record<string, unknown>> };
const routes = Object.entries(described).flatMap(([path, methods]) =>
  Object.keys(methods).map((method): [string, string] => [
    method.toUpperCase(),
    path.replace('{id}', id).replace(/\{\w+\}/g, kept),
  ]),
);

/** Parameters that some routes cannot be asked without. */
const withQuery = (path: string): string => {
  if (path.endsWith('why-not')) return `${path}?host=h1`;
  return /\/backups\/[^/]+\/(files|archive)$/.test(path) ? `${path}?path=/` : path;
};

/** What is known without a database. */
const always = ['/v1/schema', '/v1/version', '/v1/dumps', '/v1/me'];

beforeAll(async () => {
  innkeeper = await install();
  await put(kept);
});

afterAll(async () => {
  await ensureDatabase(host, paths);
  for (const { name, managed } of await innkeeper.client.workloads()) if (managed) await remove(name);
  await innkeeper.stop();
  expect(await leftOnHost()).toEqual([]);
});

describe('while the database is away', () => {
  let since: number | undefined;

  beforeAll(async () => {
    since = await runsSince(kept);
    await stopDatabase(host, paths);
  });

  afterAll(async () => {
    await ensureDatabase(host, paths);
  });

  const reads = routes.filter(([method, path]) => method === 'GET' && !always.includes(path));

  it.each([...reads, ['GET', '/v1/events'] as [string, string]])(
    '%s %s answers 503, and when to ask again',
    async (method, path) => {
      const { status, retryAfter, text } = await ask(method, withQuery(path));
      expect({ status, retryAfter, code: JSON.parse(text).code }).toEqual({
        status: 503,
        retryAfter: '5',
        code: 'unavailable',
      });
    },
  );

  it.each(routes.filter(([method]) => method !== 'GET'))('%s %s is refused, and no defect', async (method, path) => {
    const { status, retryAfter } = await ask(method, path, { 'content-type': 'application/json' });
    // Which imported images there are is known to their host.
    expect(path.startsWith('/v1/images/') ? [400, 404, 503] : [400, 503]).toContain(status);
    if (status === 503) expect(retryAfter).toBe('5');
  });

  it('is said to those who follow events from somewhere on, to streams, and to what watches the program', async () => {
    expect(await ask('GET', '/v1/events', { 'last-event-id': '1' })).toMatchObject({ status: 503, retryAfter: '5' });
    expect(await ask('GET', '/readyz')).toMatchObject({ status: 503, retryAfter: '5' });
    expect(await ask('GET', '/healthz')).toMatchObject({ status: 200 });
    const stream = exec(
      { socket: paths.socket },
      kept,
      { command: ['true'] },
      { stdout: () => undefined, stderr: () => undefined },
    );
    expect(await stream.then(({ exit }) => exit)).toMatchObject({ kind: 'unavailable' });
  });

  it('guests run on', async () => {
    expect((await lxc.domains()).find(({ name }) => name === kept)?.state).toBe('running');
    expect(await runsSince(kept)).toBe(since);
  });
});

describe('when the database is back', () => {
  it('everything is answered again, and the guest is the one that it was', async () => {
    await viewWhere(innkeeper, kept, ({ state, drift }) => state === 'running' && drift.length === 0);
  });

  it('an operation that it went away from goes on', async () => {
    let lost = false;
    innkeeper.fault = async (point) => {
      if (point !== 'after define' || lost) return;
      lost = true;
      await stopDatabase(host, paths);
    };
    const operation = await innkeeper.client.put(gone, spec);
    while (!lost) await new Promise((resolve) => setTimeout(resolve, 50));
    innkeeper.fault = () => undefined;
    await ensureDatabase(host, paths);
    await viewWhere(innkeeper, gone, ({ state }) => state === 'running', 90_000);
    expect((await innkeeper.client.operation(operation?.id ?? '', '60s')).state).toBe('done');
  });
});

describe('a dump of an earlier time', () => {
  // The queue of the one before looks again only now and then after such a loss.
  beforeAll(() => innkeeper.replace());

  it('is restored without touching a guest; what the hosts know more is shown, then taken back', async () => {
    const { path } = await innkeeper.client.createDump();
    await remove(gone);
    await put(newer);
    await put(kept, { ...spec, memory: '192MiB', labels: { since: 'dump' } });
    await innkeeper.finished(await innkeeper.client.act(newer, 'stop'));
    const before = await runsSince(kept);

    await innkeeper.replace(async () => void (await restoreFromFile((await ensureDatabase(host, paths)).url, path)));

    await viewWhere(innkeeper, kept, ({ drift }) =>
      drift.some((line) => line.includes('the guest was brought to generation 2')),
    );
    expect((await innkeeper.client.diff(kept)).differences).toMatchObject([{ field: 'generation', what: 'newer' }]);
    const plan = await innkeeper.client.recover({});
    expect(plan.workloads.map(({ name, what }) => [name, what]).sort()).toEqual([
      [kept, 'newer'],
      [newer, 'taken back'],
    ]);
    expect(plan.missing.map(({ name }) => name)).toEqual([gone]);
    await innkeeper.client.recover({ apply: true });

    expect(await innkeeper.client.workload(kept)).toMatchObject({
      drift: [],
      generation: 2,
      labels: { since: 'dump' },
    });
    expect(await innkeeper.client.workload(newer)).toMatchObject({ state: 'stopped', managed: true, drift: [] });
    // Shown, and made anew by nobody.
    expect((await innkeeper.client.workload(gone)).state).toBe('missing');
    expect((await innkeeper.client.diff(gone)).differences).toMatchObject([{ field: 'guest', what: 'missing' }]);
    expect(await runsSince(kept)).toBe(before);
    expect((await lxc.domains()).map(({ name }) => name)).not.toContain(gone);
  });
});
