/** Into the machine. @module */

import { buffer } from 'node:stream/consumers';
import { port, sshKey } from './places.js';

/** @typedef {import('@innkeeper/host').Host} Host */

const hours = 3_600_000;

/** Its host key is a new one with every build, and nobody else listens on a port of this machine's loopback. */
const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'].flatMap(
  (option) => ['-o', option],
);

/** @param {string} user @param {readonly string[]} words */
const command = (user, words) => [
  'ssh',
  ...['-i', sshKey, '-p', String(port), '-o', 'ConnectTimeout=20', ...options],
  ...[`${user}@127.0.0.1`, ...words],
];

/** @param {Host} host */
export const answers = async (host) =>
  (await host.run(command('root', ['true']), { expect: [0, 255], timeoutMs: 60_000 })).exitCode === 0;

/** @param {Host} host @param {string[]} argv */
const interactive = async (host, argv) => {
  const { stdin, stdout } = process;
  const child = host.spawn(argv, { tty: { cols: stdout.columns, rows: stdout.rows } });
  child.stdout.pipe(stdout, { end: false });
  stdin.setRawMode(true);
  stdin.pipe(child.stdin);
  const { code } = await child.exit.finally(() => {
    stdin.setRawMode(false);
    stdin.unpipe(child.stdin).pause();
  });
  return code ?? 1;
};

/**
 * A shell on a terminal; otherwise a command line whose input is standard input, its outputs as they come.
 * @param {Host} host
 * @param {string[]} words
 */
export const ssh = async (host, words) => {
  const user = words[0]?.endsWith('@') ? words[0].slice(0, -1) : 'root';
  const argv = command(user, words[0]?.endsWith('@') ? words.slice(1) : words);
  if (process.stdin.isTTY && process.stdout.isTTY) return interactive(host, argv);
  const { exitCode } = await host.run(argv, {
    input: process.stdin.isTTY ? '' : await buffer(process.stdin),
    timeoutMs: 3 * hours,
    expect: Array.from({ length: 256 }, (_, code) => code),
    onLine: (line) => void process.stdout.write(`${line}\n`),
  });
  return exitCode;
};
