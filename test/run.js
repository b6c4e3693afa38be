#!/usr/bin/env node
/**
 * `npm test`: everything, in order of how fast it tells. Root is needed for all but the units, since they run real
 * containers and virtual machines; without it they are named as not run and the command fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { begin, startElsewhere, startLab } from './beside.js';
import { chromium } from './chromium.js';
import { failuresIn, writtenTo } from './failures.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** About half of the integration suite by time: nothing of it needs a second host, or the machine itself. */
const elsewhere = [
  'test/conformance/drivers.test.ts',
  'test/integration/backup-obstacles.test.ts',
  'test/integration/backup-schedule.test.ts',
  'test/integration/backup-steps.test.ts',
  'test/integration/backups.test.ts',
  'test/integration/clone-steps.test.ts',
  'test/integration/clones.test.ts',
  'test/integration/full-disk.test.ts',
  'test/integration/images.test.ts',
  'test/integration/machine-backup-steps.test.ts',
  'test/integration/machine-backup-system.test.ts',
  'test/integration/machine-backups.test.ts',
  'test/integration/machine-clone-steps.test.ts',
  'test/integration/machine-clones.test.ts',
  'test/integration/machine-quiet.test.ts',
  'test/integration/machine-snapshot-steps.test.ts',
  'test/integration/machine-snapshots.test.ts',
  'test/integration/pools.test.ts',
  'test/integration/schedule.test.ts',
  'test/integration/snapshot-steps.test.ts',
  'test/integration/snapshots.test.ts',
];

/** Suites that did not pass. @type {string[]} */
const failed = [];

/**
 * Ends everything when it fails: what follows stands on it.
 * @param {string} what @param {string} program @param {string[]} args @param {Record<string, string>} [env]
 */
const run = (what, program, args, env = {}) => {
  if (!passes(what, program, args, env)) process.exit(1);
};

/** @param {string} what @param {string} program @param {string[]} args @param {Record<string, string>} [env] */
const passes = (what, program, args, env = {}) => {
  const began = Date.now();
  process.stdout.write(`\n== ${what}\n`);
  const { status, signal } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  process.stdout.write(`== ${what}: ${Math.round((Date.now() - began) / 1000)} s\n`);
  // Somebody wants an end, of what follows as well.
  if (signal !== null || status === 130 || status === 143) process.exit(1);
  return status === 0;
};

/** That it failed, and what of it. @param {string} name @param {string} found */
const fail = (name, found) => {
  failed.push([name, ...(existsSync(found) ? failuresIn(found, root) : [])].join('\n  '));
};

/** What it finds is told at the end, after what the others find. @param {string} name @param {Record<string, string>} env */
const suite = (name, env) => {
  const found = `/tmp/innkeeper-test-${process.pid}.json`;
  const words = ['vitest', 'run', '--project', name.replace(' ', '-'), ...writtenTo(found)];
  if (!passes(name, 'npx', words, env)) fail(name, found);
  rmSync(found, { force: true });
};

if (!existsSync(`${root}/node_modules`)) run('npm packages', 'npm', ['ci']);
if (!existsSync(`${root}/services/cli/dist/inn.cjs`)) run('build', 'npm', ['run', '-s', 'build']);
// The cache of built images outlives the test's installation; its name holds the hash of what went in.
const env = { INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images' };
const setUp =
  process.getuid?.() === 0
    ? begin('set-up of what the tests need', ['node', 'test/prepare.js'], { cwd: root, env })
    : undefined;
const unit = passes('unit', 'npx', ['vitest', 'run', '--project', 'unit']);
if (setUp === undefined)
  process.stderr.write('The other tests run real containers and virtual machines: sudo npm test\n');
// It is not ended in the middle: it may be installing packages.
if ((await setUp)?.status !== 0 || !unit) process.exit(1);
const lab = process.env.INNKEEPER_TEST_LAB === 'off' ? undefined : startLab(root, env);
if (lab === undefined) process.stderr.write('\n== lab: not run, as INNKEEPER_TEST_LAB says\n');
const beside = [startElsewhere(root, env, elsewhere), ...(lab === undefined ? [] : [lab])];
suite('integration', { ...env, INNKEEPER_TEST_WITHOUT: elsewhere.join(' ') });
suite('main job', env);
suite('faults', { ...env, INNKEEPER_FAULTS: 'few' });
if (existsSync(chromium)) suite('browser', env);
else process.stderr.write('\n== browser: not run, without Chromium; the set-up above says why\n');
for (const { name, done, found } of beside) if ((await done) !== 0) fail(name, found);
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join('\nfailed: ')}\n`);
  process.exit(1);
}
