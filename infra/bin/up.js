#!/usr/bin/env node
/**
 * `npm run up` and `npm run down`, in a clone that may have neither libraries nor build. Uses Node's own modules alone
 * and runs on Node 18 far enough to say what is needed. The work itself is in infra/src.
 */

import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseFlags, UsageError, usage } from './flags.js';
import { node, settings } from './needs.js';
import { isNewEnough } from './node-version.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const prefix = process.env.INNKEEPER_PREFIX ?? '';

/** @param {string} text */
const say = (text) => void process.stdout.write(`${text}\n`);

/** @param {string} message @param {string} [hint] */
const complain = (message, hint) => void process.stderr.write(`${message}${hint === undefined ? '' : `\n${hint}`}\n`);

/**
 * Everything else is done by root: accounts, mounts, libvirt. Libraries and build belong to who owns the clone.
 * @param {import('./flags.js').Flags} flags
 */
const runAsRoot = (flags) => {
  if (flags.command === 'up') {
    say(
      'Set-up continues as root, through sudo: it installs packages, makes accounts and directories, and starts services.',
    );
    say('What exactly: npm run up -- --dry-run');
  } else
    say(
      `Continues as root, through sudo: ${flags.purge ? 'everything that set-up made is removed' : 'services are stopped'}.`,
    );
  const kept = ['PATH', 'NO_COLOR', 'TERM', 'COLORTERM', 'INNKEEPER_PREFIX', ...settings].filter(
    (name) => process.env[name],
  );
  const ask = process.stdin.isTTY ? [] : ['--non-interactive'];
  const words = [...ask, `--preserve-env=${kept.join(',')}`, '--', process.execPath, fileURLToPath(import.meta.url)];
  const { status, error } = spawnSync('sudo', [...words, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (error !== undefined) {
    complain('This needs root, and sudo is not installed.', `Run it as root: su -c "npm run ${flags.command}"`);
    return 1;
  }
  // sudo fails with the same code as what it ran, so it is asked once more.
  if (status === 1 && !process.stdin.isTTY && spawnSync('sudo', ['--non-interactive', '--', 'true']).status !== 0) {
    complain('sudo wants a password, and there is no terminal to ask on.', 'Run it on a terminal, or as root.');
  }
  return status ?? 1;
};

/** @param {string} question */
const confirm = (question) =>
  new Promise((answered) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    lines.once('close', () => answered(false));
    lines.question(`${question} [y/N] `, (answer) => {
      answered(/^y(es)?$/i.test(answer.trim()));
      lines.close();
    });
  });

/** @param {import('./flags.js').Flags} flags */
const mayPurge = async (flags) => {
  if (flags.yes) return true;
  if (!process.stdin.isTTY) {
    complain(
      'Removing all workloads and data needs --yes where nobody can be asked.',
      'Run: npm run down -- --purge --yes',
    );
    return false;
  }
  return confirm(
    `Remove all of Innkeeper's workloads, their disks, the inventory and the images below ${prefix}/var/lib/innkeeper?`,
  );
};

/** @param {import('./flags.js').Flags} flags */
const mayRestore = async (flags) => {
  if (flags.restore === undefined || flags.yes) return true;
  if (!process.stdin.isTTY) {
    complain(
      'Replacing the database needs --yes where nobody can be asked.',
      `Run: inn up --restore ${flags.restore} --yes`,
    );
    return false;
  }
  return confirm(`Replace the database by the dump ${flags.restore}? What it is now is dumped first; guests run on.`);
};

/** @param {import('./flags.js').Flags} flags */
const work = async (flags) => {
  const infra = await import(pathToFileURL(`${root}/infra/dist/index.js`).href);
  const { localHost } = await import(pathToFileURL(`${root}/packages/host/dist/index.js`).href);
  const { pathsUnder } = await import(pathToFileURL(`${root}/packages/model/dist/index.js`).href);
  const common = {
    host: localHost(),
    paths: pathsUnder(prefix),
    root,
    environment: process.env,
  };
  if (flags.command === 'up') {
    // What was there then comes back: the example is not applied on top of it.
    const lab = flags.lab ?? (flags.restore === undefined ? undefined : false);
    await infra.up({
      ...common,
      ...(lab === undefined ? {} : { lab: lab && resolve(lab) }),
      ...(flags.restore === undefined ? {} : { restore: resolve(flags.restore) }),
    });
    return 0;
  }
  const { left } = await infra.down({ ...common, purge: flags.purge, packages: flags.packages, force: flags.force });
  return left.length === 0 ? 0 : 1;
};

/** @param {import('./flags.js').Flags} flags */
const run = async (flags) => {
  if (flags.dryRun) {
    const { dryRun } = await import('./dry-run.js');
    dryRun({ root, prefix, hasOwnDatabase: Boolean(process.env.DATABASE_URL), lab: flags.lab }, say);
    return 0;
  }
  const { prepare } = await import('./prepare.js');
  prepare(root, say);
  if (flags.command === 'down' && flags.purge && !(await mayPurge(flags))) return 2;
  if (!(await mayRestore(flags))) return 2;
  if (process.getuid?.() !== 0) return runAsRoot(flags);
  return work(flags);
};

/** The message, what lies behind it, and what to do: each once. @param {unknown} thrown */
const explain = (thrown) => {
  const messages = [];
  for (let at = thrown; at instanceof Error; at = at.cause) messages.push(at.message);
  const hint = thrown instanceof Error && 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : undefined;
  complain(messages.length === 0 ? String(thrown) : messages.join(': '), hint);
};

const main = async () => {
  if (!isNewEnough(process.versions.node)) {
    complain(
      `Innkeeper needs Node ${node.major}.${node.minor} or later; this is ${process.versions.node}.`,
      node.howTo.join('\n'),
    );
    return 1;
  }
  try {
    const flags = parseFlags(process.argv.slice(2));
    if (!flags.help) return await run(flags);
    say(usage.trimEnd());
    return 0;
  } catch (thrown) {
    explain(thrown);
    if (!(thrown instanceof UsageError)) return 1;
    complain('See: npm run up -- --help');
    return 2;
  }
};

// A reader that goes away (`| head`) does not stop a set-up half-way.
process.stdout.on('error', () => undefined);
process.exitCode = await main();
