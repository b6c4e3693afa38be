import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@innkeeper/host';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { controllerWrapper } from './controller.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ik wrapper's-"));
});

afterEach(() => rm(directory, { recursive: true }));

test('the wrapper joins a group of its own, removes one that was left, and becomes the controller with its arguments', async () => {
  const host = localHost();
  const controller = join(directory, 'controller');
  await writeFile(controller, '#!/bin/sh\necho "$$ $*"\n', { mode: 0o755 });
  await writeFile(join(directory, 'wrapper'), controllerWrapper(directory, controller), { mode: 0o755 });
  await host.run(['mkdir', '-p', join(directory, 'innkeeper/1/child')]);
  const { stdout } = await host.run([join(directory, 'wrapper'), '--name', 'a b']);
  const [pid = '', ...rest] = stdout.trim().split(' ');
  expect(rest.join(' ')).toBe('--name a b');
  expect(await readdir(join(directory, 'innkeeper'))).toEqual([pid]);
  expect((await readFile(join(directory, 'innkeeper', pid, 'cgroup.procs'), 'utf8')).trim()).toBe(pid);
});
