/**
 * A control plane of its own process, as `innkeeper.service` runs one, for tests that kill it. Environment, beside the control
 * plane's own: `KILL_AT`, a point of an operation ("after define") at which it kills itself, at once, with SIGKILL; `FAIL_AT`,
 * one at which its step fails. Lines on its input: "pause MS", how long it waits at each point, so that what happens from outside happens in the middle; "clock MS" sets
 * this process's clock, as `Date` tells it: a stand-in for the machine's, which a test must not change.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig, startControlPlane } from '@innkeeper/control-plane';
import { InnkeeperError } from '@innkeeper/model';

const { KILL_AT: killAt, FAIL_AT: failAt } = process.env;

const realNow = Date.now;
let offset = 0;
let pauseMs = 0;
Date.now = () => realNow() + offset;
globalThis.Date = new Proxy(Date, {
  construct: (target, words) => (words.length === 0 ? new target(Date.now()) : new target(...words)),
});
createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, ms] = line.split(' ');
  if (verb === 'clock') offset += Number(ms);
  if (verb === 'pause') pauseMs = Number(ms);
});

process.on('unhandledRejection', (error) => process.stderr.write(`unhandled: ${String(error)}\n`));

const running = await startControlPlane(readConfig(process.env), {
  faults: {
    at: async (point) => {
      if (point === killAt) process.kill(process.pid, 'SIGKILL');
      if (point === failAt) throw new InnkeeperError('host_error', 'made to fail by a test');
      if (pauseMs > 0) await delay(pauseMs);
    },
  },
});
process.stdout.write('ready\n');
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
