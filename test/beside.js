import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, rmSync, statSync } from 'node:fs';

/**
 * The lab suite beside the others, which wait for guests most of their time: one emulated machine after the other, and what
 * else wants a processor comes first. Its output is printed when it ends, and nothing of it outlives this process.
 * @param {string} root
 * @param {Record<string, string>} env
 * @returns {{ done: Promise<number> }}
 */
export const startLab = (root, env) => {
  process.stdout.write('\n== lab: begun beside what follows\n');
  const began = Date.now();
  const words = ['-n', '5', 'npx', 'vitest', 'run', '--project', 'lab', '--no-file-parallelism'];
  // Into a file: nobody would read a pipe while this process waits for another suite.
  const log = `/tmp/innkeeper-test-lab-${process.pid}.log`;
  const file = openSync(log, 'w', 0o600);
  const child = spawn('nice', words, {
    cwd: root,
    stdio: ['ignore', file, file],
    detached: true,
    env: { ...process.env, ...env },
  });
  /** @param {string} how */
  const tell = (how) => {
    process.stdout.write(`${readFileSync(log, 'utf8')}\n== lab: ${how}\n`);
    rmSync(log);
  };
  // A signal that only this process hears must end the lab as well; without these, no handler of `exit` would run.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  let ended = false;
  process.on('exit', () => {
    if (ended || child.pid === undefined) return;
    spawnSync('kill', ['-KILL', '--', `-${child.pid}`]);
    spawnSync('node', ['infra/testbed/lab-host.js', 'stop', 'all'], { cwd: root });
    tell('ended in the middle');
  });
  const done = new Promise((resolve) => {
    child.on('close', (code) => {
      ended = true;
      tell(`${Math.round((statSync(log).mtimeMs - began) / 1000)} s`);
      resolve(code ?? 1);
    });
  });
  return { done };
};
