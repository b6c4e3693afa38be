import { exec, type Outputs, openConsole, openFiles } from '@innkeeper/client';
import type { ExitReport, FileAction } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

const name = 'test-op-bad';
const spec = { image: 'debian/12', backend: 'lxc', memory: '256MiB' } as const;
const target = { socket: paths.socket };
const patienceMs = 30_000;
const silent: Outputs = { stdout: () => undefined, stderr: () => undefined };

let innkeeper: Installation;

beforeAll(async () => {
  innkeeper = await install();
  expect((await innkeeper.finished(await innkeeper.client.put(name, spec))).state).toBe('done');
});

afterAll(async () => {
  await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

const act = async (action: 'start' | 'stop' | 'pause' | 'resume'): Promise<void> => {
  expect((await innkeeper.finished(await innkeeper.client.act(name, action))).state).toBe('done');
};

const run = async (...command: readonly string[]): Promise<ExitReport> => {
  const stream = await exec(target, name, { command }, silent);
  stream.end();
  return stream.exit;
};

const files = async (
  action: FileAction,
  path: string,
  input: string,
): Promise<{ report: ExitReport; said: string }> => {
  let said = '';
  const stderr = (bytes: Uint8Array): void => {
    said += Buffer.from(bytes).toString();
  };
  const stream = await openFiles(target, name, { action, path }, { ...silent, stderr });
  if (input !== '') stream.write(Buffer.from(input));
  stream.end();
  return { report: await stream.exit, said };
};

/** Processes of the host with this word among theirs; those of the guest are seen from outside. */
const processesWith = async (word: string): Promise<string[]> =>
  (await host.run(['pgrep', '-f', '--', word], { expect: [0, 1] })).stdout.split('\n').filter((line) => line !== '');

const until = async (what: 'some' | 'none', word: string): Promise<void> => {
  const deadline = Date.now() + patienceMs;
  while ((await processesWith(word)).length > 0 !== (what === 'some')) {
    if (Date.now() > deadline) throw new Error(`${what} with ${word} never came about`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

describe('a command', () => {
  it('that is not there says so, with 127', async () => {
    let said = '';
    const stderr = (bytes: Uint8Array): void => {
      said += Buffer.from(bytes).toString();
    };
    const stream = await exec(target, name, { command: ['no-such-program'] }, { ...silent, stderr });
    stream.end();
    expect(await stream.exit).toEqual({ code: 127 });
    expect(said).toContain('no-such-program');
  });

  it('ends when its client disappears', async () => {
    const word = '31536001';
    const stream = await exec(target, name, { command: ['sleep', word] }, silent);
    await until('some', `sleep ${word}`);
    stream.close();
    await until('none', `sleep ${word}`);
  });

  it('whose ten megabytes of output nobody reads is held up, and ends with its client', async () => {
    const before = process.memoryUsage().rss;
    const stream = await exec(target, name, { command: ['head', '-c', '10485761', '/dev/zero'] }, silent);
    stream.pause();
    await until('some', 'head -c 10485761');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    stream.close();
    await until('none', 'head -c 10485761');
  });
});

describe('a file', () => {
  const outside = '/etc/hostname';
  const link = 'ln -sfn ../../../../../../../../etc/hostname /root/out && ln -sfn /etc /root/etc-link';

  it.each(['start', 'stop'] as const)('that is written through a link never leaves the guest (%s)', async (state) => {
    await act('start');
    expect(await run('sh', '-c', link)).toEqual({ code: 0 });
    if (state === 'stop') await act('stop');
    const before = await host.files.readText(outside);
    expect((await files('write', '/root/out', 'from the guest\n')).report).toEqual({ code: 0 });
    expect(await host.files.readText(outside)).toBe(before);
    if (state === 'stop') await act('start');
    expect(await run('grep', '-qx', 'from the guest', outside)).toEqual({ code: 0 });
  });

  it.each([
    ['read', '/root/nothing', ''],
    ['write', '/nowhere/at/all', 'x'],
    ['unpack', '/root', 'this is no archive'],
  ] as const)('that cannot be %s (%s) is told, and nothing is changed', async (action, path, input) => {
    const { report, said } = await files(action, path, input);
    expect(report).not.toEqual({ code: 0 });
    expect(said).not.toBe('');
    expect(await run('test', '-e', '/nowhere')).toEqual({ code: 1 });
  });
});

describe('what a guest is', () => {
  it('a stopped one runs nothing and has no console, and says how to start it', async () => {
    await act('stop');
    const stream = await exec(target, name, { command: ['true'] }, silent);
    expect(await stream.exit).toMatchObject({ error: expect.stringContaining('stopped') });
    await act('start');
  });

  it('a paused one runs nothing, and has no console until it goes on', async () => {
    await act('pause');
    const stream = await exec(target, name, { command: ['true'] }, silent);
    expect(await stream.exit).toMatchObject({ error: expect.stringContaining('paused') });
    const viewer = await openConsole(target, name, silent);
    expect(await viewer.exit).toMatchObject({ error: expect.stringContaining('paused') });
    await act('resume');
  });

  it.each([
    [{ disk: '-1GiB' }, 'invalid', 'not a size'],
    [{ disk: '1GiB' }, 'conflict', 'only grows'],
    [{ memory: '-1' }, 'invalid', 'not a size'],
    [{ cpus: 0 }, 'invalid', 'cpus'],
  ] as const)('is not made %j', async (change, code, said) => {
    const before = await innkeeper.client.workload(name);
    const refusal = await innkeeper.client.put(name, { ...spec, ...change }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code });
    expect(JSON.stringify(refusal, ['message', 'detail', 'complaints', 'path', 'hint'])).toContain(said);
    expect(await innkeeper.client.workload(name)).toMatchObject({ spec: before.spec, generation: before.generation });
  });

  it('keeps its memory when it uses more than it is to have', async () => {
    expect(await run('dd', 'if=/dev/zero', 'of=/dev/shm/full', 'bs=1M', 'count=100', 'status=none')).toEqual({
      code: 0,
    });
    const operation = await innkeeper.finished(await innkeeper.client.put(name, { ...spec, memory: '32MiB' }));
    expect(operation).toMatchObject({ state: 'failed', error: { detail: expect.stringMatching(/32MiB/) } });
    expect(await run('rm', '/dev/shm/full')).toEqual({ code: 0 });
    expect((await innkeeper.client.workload(name)).state).toBe('running');
  });
});
