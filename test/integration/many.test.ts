import { exec } from '@innkeeper/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install, leftOnHost, paths } from './installation.ts';

/** As many as the issue of shared kernel limits is known from: with the kernel's own, about a dozen start. */
const count = 40;
const names = Array.from({ length: count }, (_, index) => `test-op-${index + 1}`);

let innkeeper: Installation;

const outputOf = async (name: string, command: readonly string[]): Promise<string> => {
  let text = '';
  const stream = await exec(
    { socket: paths.socket },
    name,
    { command },
    {
      stdout: (bytes) => {
        text += Buffer.from(bytes).toString('utf8');
      },
      stderr: () => undefined,
    },
  );
  stream.end();
  await stream.exit;
  return text.trim();
};

const all = async (ask: (name: string) => Promise<{ readonly id: string } | undefined>): Promise<string[]> => {
  const asked = await Promise.all(names.map(ask));
  const ended = await Promise.all(
    asked.map(async (operation) => (operation === undefined ? 'done' : (await ends(operation.id)).state)),
  );
  return [...new Set(ended)];
};

const ends = async (id: string) => innkeeper.finished(await innkeeper.client.operation(id));

beforeAll(async () => {
  innkeeper = await install();
});

afterAll(async () => {
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('forty containers with systemd side by side', () => {
  it('are all up, each in its own ids, and none has a unit that failed', async () => {
    await innkeeper.client.changeHost((await innkeeper.client.hosts())[0]?.name ?? '', {
      cpuRatio: 64,
      memoryRatio: 8,
    });
    const [first = '', ...others] = names;
    expect((await ends((await innkeeper.client.put(first, { image: 'debian/12' }))?.id ?? '')).state).toBe('done');
    expect(others).toHaveLength(count - 1);
    expect(await all((name) => innkeeper.client.put(name, { image: 'debian/12', memory: '256MiB' }))).toEqual(['done']);
    const states = await Promise.all(names.map((name) => outputOf(name, ['systemctl', 'is-system-running', '--wait'])));
    expect([...new Set(states)]).toEqual(['running']);
    const failed = await Promise.all(names.map((name) => outputOf(name, ['systemctl', '--failed', '--no-legend'])));
    expect(failed.filter((text) => text !== '')).toEqual([]);
    const ids = await Promise.all(names.map((name) => outputOf(name, ['cat', '/proc/self/uid_map'])));
    expect(new Set(ids).size).toBe(count);
  }, 300_000);

  it('are seen with what each uses, and leave nothing when they are removed', async () => {
    const views = await innkeeper.client.workloads({ stats: true });
    const ours = views.filter(({ name }) => names.includes(name));
    expect(ours.filter(({ state }) => state === 'running')).toHaveLength(count);
    for (const { stats } of ours) expect(stats?.memoryBytes).toBeGreaterThan(1_000_000);
    expect(await all((name) => innkeeper.client.remove(name))).toEqual(['done']);
  }, 300_000);
});
