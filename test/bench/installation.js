/** An installation of the benchmark's own, beside a user's, on the same libvirt. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@innkeeper/client';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const prefix = '/tmp/innkeeper-bench';
export const paths = pathsUnder(prefix);
export const host = localHost('bench');
/** Emulated machines: what is measured is ours, and the proof of acceleration would take a minute of every run. */
export const env = {
  INNKEEPER_PREFIX: prefix,
  INNKEEPER_LISTEN: 'off',
  INNKEEPER_ACCELERATION: 'tcg',
  INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
};
export const client = createClient({ socket: paths.socket });

export const virsh = (/** @type {string[]} */ ...args) =>
  host.run(['virsh', '-q', '-c', 'lxc:///system', ...args], { timeoutMs: 60_000 });

/** `up` and `down`, as a person runs them. */
export const setUp = (/** @type {string[]} */ ...args) =>
  host.run([process.execPath, `${root}/infra/bin/up.js`, ...args], { cwd: root, env, timeoutMs: 900_000 });

const seenMs = 300_000;

/** Until the control plane knows of that many guests. */
export const untilSeen = async (/** @type {number} */ count) => {
  const deadline = Date.now() + seenMs;
  while ((await client.workloads()).length < count) {
    if (Date.now() > deadline) throw new Error(`the control plane does not see ${count} guests`);
    await delay(500);
  }
};

export const controlPlanePid = () => Number(readFileSync(`${paths.run}/innkeeper.pid`, 'utf8'));

export const finished = async (/** @type {import('@innkeeper/model').OperationView | undefined} */ operation) => {
  let now = operation;
  while (now !== undefined && now.finishedAt === undefined) now = await client.operation(now.id, '60s');
  if (now !== undefined && now.state !== 'done') throw new Error(now.error?.detail ?? now.state);
};

/** What happens, as it happens: `until` resolves with the next event that fits. */
export const followEvents = async () => {
  const stopping = new AbortController();
  /** @type {Set<(event: import('@innkeeper/model').EventView) => void>} */
  const waiting = new Set();
  const reading = (async () => {
    for await (const event of client.events(stopping.signal)) for (const one of [...waiting]) one(event);
  })().catch((error) => {
    if (!stopping.signal.aborted) throw error;
  });
  return {
    until: (/** @type {(event: import('@innkeeper/model').EventView) => boolean} */ fits) =>
      new Promise((resolve) => {
        const look = (/** @type {import('@innkeeper/model').EventView} */ event) => {
          if (!fits(event)) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
      }),
    close: async () => {
      stopping.abort();
      await reading;
    },
  };
};
