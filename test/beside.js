import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { writtenTo } from './failures.js';

/**
 * The lab suite beside the others, which wait for guests most of their time: one emulated machine after the other, and what
 * else wants a processor comes first. Its output is printed when it ends, and nothing of it outlives this process.
 * @param {string} root
 * @param {Record<string, string>} env
 * @returns {{ done: Promise<number>, found: string }} its status when it has ended, and where it writes what it found
 */
export const startLab = (root, env) => {
  process.stdout.write('\n== lab: begun beside what follows\n');
  const began = Date.now();
  const found = `/tmp/innkeeper-test-lab-${process.pid}.json`;
  const words = ['-n', '5', 'npx', 'vitest', 'run', '--project', 'lab', '--no-file-parallelism', ...writtenTo(found)];
  // Into a file: nobody would read a pipe while this process waits for another suite.
  const log = `/tmp/innkeeper-test-lab-${process.pid}.log`;
  const file = openSync(log, 'w', 0o600);
  const child = spawn('nice', words, {
    cwd: root,
    stdio: ['ignore', file, file],
    detached: true,
    env: { ...process.env, ...env },
  });
  // A session of its own has a share of the processors of its own, whatever its processes' niceness. [sched(7), autogroup]
  try {
    writeFileSync(`/proc/${child.pid}/autogroup`, '10');
  } catch {
    // This kernel has none.
  }
  /** @param {string} how */
  const tell = (how) => {
    const output = readFileSync(log, 'utf8');
    process.stdout.write(`${output}\n== lab: ${how}\n`);
    rmSync(log);
    return output;
  };
  // A signal that only this process hears must end the lab as well; without these, no handler of `exit` would run.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  let ended = false;
  process.on('exit', () => {
    rmSync(found, { force: true });
    if (ended || child.pid === undefined) return;
    spawnSync('kill', ['-KILL', '--', `-${child.pid}`]);
    spawnSync('node', ['infra/testbed/lab-host.js', 'stop', 'all'], { cwd: root });
    tell('ended in the middle');
  });
  const done = new Promise((resolve) => {
    child.on('close', (code) => {
      ended = true;
      const output = tell(`${Math.round((statSync(log).mtimeMs - began) / 1000)} s`);
      // One that ended without a word about its tests has not passed.
      resolve(code === 0 && !output.includes('Test Files') ? 1 : (code ?? 1));
    });
  });
  return { done, found };
};
