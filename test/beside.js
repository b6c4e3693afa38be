import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { removeElsewhere } from './elsewhere.js';
import { writtenTo } from './failures.js';

/**
 * A command beside others. Its output is printed when it ends, and nothing of it outlives this process.
 * @param {string} name
 * @param {string[]} words
 * @param {{ cwd: string, env: Record<string, string>, share?: string, alsoEnd?: () => void }} options `share`: of the
 * processors, as the niceness of its session. `alsoEnd`: what it started elsewhere, when this process ends before it.
 * @returns {Promise<{ status: number, output: string }>} when it has ended
 */
export const begin = (name, [program = '', ...words], { cwd, env, share, alsoEnd = () => undefined }) => {
  process.stdout.write(`\n== ${name}: begun beside what follows\n`);
  const began = Date.now();
  // Into a file: nobody would read a pipe while this process waits for another suite.
  const log = `/tmp/innkeeper-test-${name.replaceAll(' ', '-')}-${process.pid}.log`;
  const file = openSync(log, 'w', 0o600);
  const child = spawn(program, words, {
    cwd,
    stdio: ['ignore', file, file],
    detached: true,
    env: { ...process.env, ...env },
  });
  // A session of its own has a share of the processors of its own, whatever its processes' niceness. [sched(7), autogroup]
  try {
    if (share !== undefined) writeFileSync(`/proc/${child.pid}/autogroup`, share);
  } catch {
    // This kernel has none.
  }
  /** @param {string} how */
  const tell = (how) => {
    const output = readFileSync(log, 'utf8');
    process.stdout.write(`${output}\n== ${name}: ${how}\n`);
    rmSync(log);
    return output;
  };
  // A signal that only this process hears must end it as well; without these, no handler of `exit` would run.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  let ended = false;
  process.on('exit', () => {
    if (ended || child.pid === undefined) return;
    spawnSync('kill', ['-KILL', '--', `-${child.pid}`]);
    alsoEnd();
    tell('ended in the middle');
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      ended = true;
      resolve({ status: code ?? 1, output: tell(`${Math.round((statSync(log).mtimeMs - began) / 1000)} s`) });
    });
  });
};

/**
 * A suite beside others.
 * @param {string} name
 * @param {string[]} before what Vitest is run by
 * @param {string[]} words
 * @param {Parameters<typeof begin>[2]} options
 * @returns {{ name: string, done: Promise<number>, found: string }} its status when it has ended, and where it writes what it found
 */
const beginSuite = (name, before, words, options) => {
  const found = `/tmp/innkeeper-test-${name.replaceAll(' ', '-')}-${process.pid}.json`;
  process.on('exit', () => rmSync(found, { force: true }));
  const done = begin(name, [...before, 'npx', 'vitest', 'run', ...words, ...writtenTo(found)], options);
  return {
    name,
    found,
    // One that ended without a word about its tests has not passed.
    done: done.then(({ status, output }) => (status === 0 && !output.includes('Test Files') ? 1 : status)),
  };
};

/**
 * The lab suite beside the others, which wait for guests most of their time: one emulated machine after the other, and what
 * else wants a processor comes first.
 * @param {string} root
 * @param {Record<string, string>} env
 */
export const startLab = (root, env) =>
  beginSuite('lab', ['nice', '-n', '5'], ['--project', 'lab', '--no-file-parallelism'], {
    cwd: root,
    env,
    share: '4',
    alsoEnd: () => void spawnSync('node', ['infra/testbed/lab-host.js', 'stop', 'all'], { cwd: root }),
  });

/**
 * What one machine can be for two sets of tests: those files run on a host of their own.
 * @param {string} root
 * @param {Record<string, string>} env
 * @param {readonly string[]} files
 */
export const startElsewhere = (root, env, files) =>
  beginSuite('integration elsewhere', ['node', 'test/elsewhere.js'], ['--project', 'integration', ...files], {
    cwd: root,
    // Files without a place of their own have another one here.
    env: { ...env, INNKEEPER_TEST_PREFIX: '/tmp/innkeeper-test-there', INNKEEPER_TEST_GUESTS: 'test-op' },
    alsoEnd: removeElsewhere,
  });
