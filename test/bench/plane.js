/**
 * A control plane of its own process, forked by a benchmark: says when each point of an operation is reached, and reads its
 * hosts and decides what is due when it is asked to.
 */
import { readConfig, startControlPlane } from '@innkeeper/control-plane';

const say = (/** @type {object} */ message) => process.send?.(message);

const running = await startControlPlane(readConfig(process.env), {
  ...(process.env.BENCH_POINTS === 'on'
    ? { faults: { at: (point) => void say({ point, at: performance.now() }) } }
    : {}),
});
process.on('message', async () => {
  const began = performance.now();
  for (const name of running.control.hosts.keys()) await running.control.observe(name);
  running.control.tendLives();
  say({ reconciledMs: performance.now() - began });
});
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
say({ ready: true });
