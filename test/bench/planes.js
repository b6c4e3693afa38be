/** Control planes on one database of the benchmark's own, each in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from '@innkeeper/client';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import { env, host, paths } from './installation.js';

const program = fileURLToPath(new URL('plane.js', import.meta.url));

/** @typedef {{ ready?: true, point?: string, at?: number, reconciledMs?: number }} Said */

/** @param {number} number @param {Record<string, string>} settings */
const startPlane = async (number, settings) => {
  const socket = `${paths.run}/bench${number}.sock`;
  const child = fork(program, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH, ...env, INNKEEPER_SOCKET: socket, INNKEEPER_LOG_LEVEL: 'error', ...settings },
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('a control plane did not start');
    }),
  ]);
  return {
    child,
    client: createClient({ socket }),
    pid: child.pid ?? 0,
    /** Milliseconds of a reading of all guests and of what follows from it. */
    reconcile: async () => {
      child.send('reconcile');
      for (;;) {
        const [said] = /** @type {[Said]} */ (await once(child, 'message'));
        if (said.reconciledMs !== undefined) return said.reconciledMs;
      }
    },
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
};

/**
 * Runs `work` on that many control planes; they and the database are gone afterwards.
 * @template T
 * @param {number} count
 * @param {Record<string, string>} settings
 * @param {(planes: Awaited<ReturnType<typeof startPlane>>[], databaseUrl: string) => Promise<T>} work
 */
export const withPlanes = async (count, settings, work) => {
  await host.files.makeDirectory(paths.run, 0o755);
  const { url } = await ensureDatabase(host, paths);
  /** @type {Awaited<ReturnType<typeof startPlane>>[]} */
  const planes = [];
  try {
    // One after the other: the first brings the database up to date.
    for (let number = 0; number < count; number += 1)
      planes.push(await startPlane(number, { DATABASE_URL: url, ...settings }));
    return await work(planes, url);
  } finally {
    for (const plane of planes) await plane.stop();
    await stopDatabase(host, paths);
  }
};
