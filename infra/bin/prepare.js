/** Makes a fresh clone runnable: libraries and build, each only when it is not up to date. @module */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A part of the preparation that failed; its output has been shown. */
export class PrepareError extends Error {}

/** @param {string} path */
const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** @param {string} path */
const readPackages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages ?? {};

/**
 * A checkout touches package-lock.json without changing it, so a newer one is compared with what npm noted when it installed.
 * @param {string} root
 */
export const hasModules = (root) => {
  const wanted = join(root, 'package-lock.json');
  const noted = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(noted)) return false;
  if (modified(noted) >= modified(wanted)) return true;
  const installed = readPackages(noted);
  return Object.entries(readPackages(wanted)).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link === true) return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true || entry.peer === true : found.version === entry.version;
  });
};

const groups = ['packages', 'services', 'infra'];
const skipped = new Set(['node_modules', 'dist', '.turbo', 'coverage']);

/**
 * @param {string} path
 * @param {string[]} found
 */
const walk = (path, found) => {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const child = join(path, entry.name);
    if (entry.isDirectory()) walk(child, found);
    else if (!/\.test\.tsx?$/.test(entry.name)) found.push(child);
  }
};

/**
 * Path, size and time of every source: about 20 ms, and a deleted one is noticed too.
 * @param {string} root
 */
export const sourceDigest = (root) => {
  /** @type {string[]} */
  const files = [];
  for (const group of groups) if (existsSync(join(root, group))) walk(join(root, group), files);
  for (const name of readdirSync(root))
    if (/^(package-lock|package|tsconfig.*)\.json$/.test(name)) files.push(join(root, name));
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
};

/** @param {string} root */
const stampOf = (root) => join(root, 'infra/dist/.sources');

/** @param {string} root */
export const isBuilt = (root) =>
  ['infra/dist/index.js', 'services/control-plane/dist/main.js', 'services/cli/dist/inn.cjs'].every((file) =>
    existsSync(join(root, file)),
  ) &&
  existsSync(stampOf(root)) &&
  readFileSync(stampOf(root), 'utf8') === sourceDigest(root);

/**
 * @param {string} root
 * @param {readonly string[]} words
 * @param {'inherit' | 'pipe'} errors
 */
const npm = (root, words, errors = 'inherit') => {
  const { status, stderr, error } = spawnSync('npm', words, {
    cwd: root,
    stdio: ['inherit', 'inherit', errors],
    encoding: 'utf8',
  });
  if (error !== undefined) throw new PrepareError(`npm cannot be started (${error.message}); it comes with Node`);
  return { failed: status !== 0, errors: stderr ?? '' };
};

const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

/**
 * `npm ci` refuses (EUSAGE) a lock file that lacks packages for other platforms, as npm writes it behind a registry that
 * does not carry them. `npm install --no-save` takes the same locked versions and leaves the lock file as it is.
 * @param {string} root
 * @param {(text: string) => void} say
 */
const install = (root, say) => {
  say('… libraries: npm ci, about half a minute');
  const first = npm(root, ['ci', ...quiet], 'pipe');
  if (first.failed && first.errors.includes('EUSAGE')) {
    say('… libraries: the lock file is not complete for npm ci; npm install of the same versions');
    if (!npm(root, ['install', '--no-save', ...quiet]).failed) return;
    throw new PrepareError('npm install failed; its output is above');
  }
  process.stderr.write(first.errors);
  if (first.failed) throw new PrepareError('npm ci failed; its output is above');
};

/**
 * @param {string} root
 * @param {(text: string) => void} say
 */
export const prepare = (root, say) => {
  if (!hasModules(root)) install(root, say);
  if (isBuilt(root)) return;
  say('… build: about 20 s the first time');
  const digest = sourceDigest(root);
  if (npm(root, ['run', '-s', 'build']).failed) throw new PrepareError('npm run build failed; its output is above');
  mkdirSync(join(root, 'infra/dist'), { recursive: true });
  writeFileSync(stampOf(root), digest);
};
