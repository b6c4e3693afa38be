import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import type { OperationView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-full';
  process.env.INNKEEPER_TEST_GUESTS = 'test-full';
});

const [name, other] = ['test-full-one', 'test-full-two'];
const file = '/tmp/innkeeper-test-full.img';
const roots = `${paths.state}/roots`;
const spec = { image: 'debian/12', memory: '256MiB', networks: [] };

const shell = (command: string, ...words: string[]): string => execFileSync(command, words, { encoding: 'utf8' });
const mount = (): string => shell('mount', '-o', 'loop', file, roots);
const unmount = (): string => shell('umount', '-l', roots);

let innkeeper: Installation;

/** What a user is told. */
const noRoom = { hint: expect.stringMatching(/^make room first: inn snapshot rm/) };

const finished = (operation: OperationView | undefined): Promise<OperationView> => innkeeper.finished(operation);
const snapshots = async (): Promise<string[]> => (await innkeeper.client.snapshots(name)).map((one) => one.name);
const write = (text: string): Promise<string> => inside(name, 'printf %s "$1" > /root/note; sync', text);
const note = (): Promise<string> => inside(name, 'cat /root/note');
const fill = (mebibytes: number): Promise<string> =>
  inside(name, 'dd if=/dev/urandom of=/root/filling bs=1M count="$1" status=none; sync', String(mebibytes));
const empty = (): Promise<string> => inside(name, 'rm -f /root/filling; sync');

/** What is there of a workload on the disk that is full. */
const held = async (): Promise<string[]> => {
  const { id } = await innkeeper.client.workload(name);
  return [...(await host.files.list(`${roots}/${id}`)), ...(await host.files.list(`${roots}/${id}/snapshots`))].sort();
};

beforeAll(async () => {
  rmSync(file, { force: true });
  innkeeper = await install();
  shell('truncate', '-s', '200M', file);
  shell('mkfs.ext4', '-q', file);
  mkdirSync(roots, { recursive: true, mode: 0o711 });
  mount();
  rmSync(`${roots}/lost+found`, { recursive: true });
  expect(await finished(await innkeeper.client.put(name, spec))).toMatchObject({ state: 'done' });
  await booted(name);
  await write('first');
});

afterAll(async () => {
  for (const one of await innkeeper.client.workloads())
    if (one.name === name || one.name === other) await finished(await innkeeper.client.remove(one.name));
  expect(await host.files.list(roots)).toEqual([]);
  unmount();
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  rmSync(file, { force: true });
});

describe('a disk that is full', () => {
  it('has no room for a snapshot, which is said, and keeps what there was', async () => {
    expect(await finished(await innkeeper.client.snapshot(name, { name: 'small' }))).toMatchObject({ state: 'done' });
    await write('second');
    await fill(100);
    const before = await held();
    const operation = await finished(await innkeeper.client.snapshot(name, { name: 'large' }));
    expect(operation).toMatchObject({ state: 'failed', error: noRoom });
    expect([await snapshots(), await held()]).toEqual([['small'], before]);
    expect([await note(), (await innkeeper.client.workload(name)).state]).toEqual(['second', 'running']);
  });

  it('has room again when something was deleted', async () => {
    await empty();
    expect(await finished(await innkeeper.client.snapshot(name, { name: 'large' }))).toMatchObject({ state: 'done' });
    expect(await snapshots()).toEqual(['small', 'large']);
  });

  it('has no room to go back, and the workload runs on with what it held', async () => {
    await write('third');
    // As much as there is: its own part of the disk is kept for root.
    await fill(400).catch(() => undefined);
    const operation = await finished(await innkeeper.client.restore(name, 'small'));
    expect(operation).toMatchObject({ state: 'failed', error: noRoom });
    await booted(name);
    expect([await note(), await snapshots()]).toEqual(['third', ['small', 'large']]);
  });

  it('has no room for another workload, of which nothing stays', async () => {
    const operation = await finished(await innkeeper.client.put(other, spec));
    expect(operation).toMatchObject({ state: 'failed', error: noRoom });
    expect(await finished(await innkeeper.client.remove(other))).toMatchObject({ state: 'done' });
  });

  it('lets a snapshot be removed, which makes room', async () => {
    expect(await finished(await innkeeper.client.removeSnapshot(name, 'large'))).toMatchObject({ state: 'done' });
    await empty();
    expect(await finished(await innkeeper.client.restore(name, 'small'))).toMatchObject({ state: 'done' });
    expect(await note()).toBe('first');
  });
});

describe('a disk that is away', () => {
  it('is said at the start of what stands on it, of which nothing is lost', async () => {
    await booted(name);
    expect(await finished(await innkeeper.client.act(name, 'stop'))).toMatchObject({ state: 'done' });
    unmount();
    const started = await finished(await innkeeper.client.act(name, 'start'));
    expect(started.state).toBe('failed');
    expect(started.error?.detail).toMatch(/root|away|not there|No such file/);
    const kept = await finished(await innkeeper.client.snapshot(name, { name: 'away' }));
    expect(kept.state).toBe('failed');
    expect(await host.files.list(roots)).toEqual([]);
    mount();
    expect(await finished(await innkeeper.client.act(name, 'start'))).toMatchObject({ state: 'done' });
    expect([await note(), await snapshots()]).toEqual(['first', ['small']]);
  });
});
