import { fileURLToPath } from 'node:url';
import type { HostProcess } from '@innkeeper/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

const inn = fileURLToPath(new URL('../../services/cli/bin/inn.js', import.meta.url));

let innkeeper: Installation;

const argv = (args: readonly string[]): string[] => [
  'env',
  `INNKEEPER_SOCKET=${paths.socket}`,
  process.execPath,
  inn,
  'run',
  '--rm',
  '--backend',
  'lxc',
  ...args,
];
const run = (args: readonly string[], input = '') =>
  host.run(argv(args), { timeoutMs: 60_000, expect: [0, 1, 2, 3, 5, 126, 127, 130, 141], input });
const names = async (): Promise<string[]> =>
  (await innkeeper.client.workloads()).flatMap(({ name, managed }) => (managed ? [name] : []));
const untilSaid = async (child: HostProcess, what: RegExp): Promise<void> => {
  let said = '';
  for await (const chunk of child.stderr) {
    said += String(chunk);
    if (what.test(said)) return;
  }
  throw new Error(`it ended after: ${said}`);
};

beforeAll(async () => {
  innkeeper = await install();
}, 300_000);

afterAll(async () => {
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('inn run --rm', () => {
  it("gives the command's input, output and exit code, and leaves nothing", async () => {
    const { exitCode, stdout } = await run(
      [
        '-n',
        'test-op-rm',
        '-e',
        'WHAT=world',
        '-w',
        '/tmp',
        'debian/12',
        '--',
        'sh',
        '-c',
        'read a; echo "$a $WHAT"; pwd; exit 3',
      ],
      'hello\n',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: 'hello world\n/tmp\n' });
    expect(await names()).toEqual([]);
    expect(await leftOnHost()).toEqual([]);
  });

  it('says it when there is no such command, and leaves nothing', async () => {
    const { exitCode, stderr } = await run(['-n', 'test-op-rm', 'debian/12', '--', 'no-such-program']);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('no-such-program');
    expect(await names()).toEqual([]);
  });

  it('is interrupted while the workload is made: what was begun is undone', async () => {
    const child = host.spawn(argv(['-n', 'test-op-rm', 'debian/12', '--', 'sleep', '600']));
    await untilSaid(child, /apply test-op-rm/);
    child.kill('SIGINT');
    await child.exit;
    expect(await names()).toEqual([]);
    expect(await leftOnHost()).toEqual([]);
  });

  it('is interrupted while the command runs: it hears it, and all of it is removed', async () => {
    const child = host.spawn(argv(['-n', 'test-op-rm', 'debian/12', '--', 'sh', '-c', 'echo up >&2; exec sleep 600']));
    await untilSaid(child, /^up$/m);
    child.kill('SIGINT');
    expect((await child.exit).code).toBe(130);
    expect(await names()).toEqual([]);
  });

  it('ends when nobody reads its output any more, and leaves nothing', async () => {
    const { stdout } = await host.run(
      ['sh', '-c', '"$@" | head -n 1', 'sh', ...argv(['-n', 'test-op-rm', 'debian/12', '--', 'yes'])],
      {
        timeoutMs: 60_000,
      },
    );
    expect(stdout).toBe('y\n');
    await expect.poll(names, { timeout: 30_000 }).toEqual([]);
  });

  it('touches no workload that is there already', async () => {
    await innkeeper.finished(
      await innkeeper.client.put('test-op-mine', { image: 'debian/12', backend: 'lxc', power: 'stopped' }),
    );
    const { exitCode, stderr } = await run(['-n', 'test-op-mine', 'debian/12', '--', 'true']);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('test-op-mine already');
    expect(await names()).toEqual(['test-op-mine']);
    await innkeeper.finished(await innkeeper.client.remove('test-op-mine'));
  });

  it('that is killed leaves a workload that goes by itself: with its end, or after a day', async () => {
    const child = host.spawn(argv(['-n', 'test-op-rm', 'debian/12', '--', 'sh', '-c', 'echo up >&2; exec sleep 600']));
    await untilSaid(child, /^up$/m);
    child.kill('SIGKILL');
    await child.exit;
    const { spec } = await innkeeper.client.workload('test-op-rm');
    expect(spec).toMatchObject({ ephemeral: true, ttl: '1d' });
    await innkeeper.finished(await innkeeper.client.act('test-op-rm', 'stop'));
    await expect.poll(names, { timeout: 30_000 }).toEqual([]);
  });
});
