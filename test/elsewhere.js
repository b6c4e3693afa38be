#!/usr/bin/env node
/**
 * Runs a command on a host that this machine makes of itself, with a network, mounts and a libvirtd of its own:
 * `elsewhere.js COMMAND...`. Tests there and tests here do not see each other's guests. Nothing of it is left when it ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { ensureLibvirt } from '@innkeeper/infra';

const folder = process.env.INNKEEPER_TEST_ELSEWHERE ?? '/tmp/innkeeper-test-elsewhere';
/** Holds its network, by which what runs there is known when whoever began it is gone. */
const network = `${folder}/network`;
const script = fileURLToPath(new URL('../infra/testbed/second-host.sh', import.meta.url));
const itself = fileURLToPath(import.meta.url);

/** @template T @param {() => T} find */
const orNothing = (find) => {
  try {
    return find();
  } catch {
    return undefined;
  }
};

/** Every process in that network ends, and the folder goes. */
export const removeElsewhere = () => {
  const [it, ours] = [network, '/proc/self/ns/net'].map((path) => orNothing(() => statSync(path).ino));
  if (it !== undefined && it !== ours) {
    const runs = () =>
      readdirSync('/proc').filter(
        (pid) => /^\d+$/.test(pid) && orNothing(() => readlinkSync(`/proc/${pid}/ns/net`)) === `net:[${it}]`,
      );
    // What one of them was just beginning is found by another look.
    for (let found = runs(); found.length > 0; found = runs())
      for (const pid of found) orNothing(() => process.kill(Number(pid), 'SIGKILL'));
    spawnSync('umount', ['-l', network], { stdio: 'ignore' });
  }
  rmSync(folder, { recursive: true, force: true });
};

/** @param {string} program @param {string[]} words */
const there = async (program, words) => {
  await ensureLibvirt(localHost('elsewhere'));
  return spawnSync(program, words, { stdio: 'inherit' }).status ?? 1;
};

/** @param {string[]} words @returns {Promise<number>} */
const elsewhere = (words) => {
  removeElsewhere();
  // Guests that are not root's go through it.
  mkdirSync(folder, { mode: 0o711 });
  writeFileSync(network, '');
  const unshare = [
    '-m',
    '-u',
    `--net=${network}`,
    '--propagation',
    'private',
    'sh',
    script,
    folder,
    '',
    'test-elsewhere',
  ];
  const child = spawn('unshare', [...unshare, process.execPath, itself, '--there', ...words], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  process.on('exit', removeElsewhere);
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
};

if (process.argv[1] === itself) {
  const [first = '', ...words] = process.argv.slice(2);
  process.exitCode =
    first === '--there' ? await there(words[0] ?? '', words.slice(1)) : await elsewhere([first, ...words]);
}
