import { readFile } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import type { StreamTarget } from '../host.ts';
import type { Connection } from './connection.ts';
import { connectionLost } from './failure.ts';
import { nodeError } from './file-error.ts';
import { type RemoteProcess, spawnOver } from './process.ts';

const program = new URL('../../perl/stream.pl', import.meta.url);

let text: Promise<string> | undefined;
const programText = (): Promise<string> => {
  text ??= readFile(program, 'utf8');
  return text;
};

/** What the program says first: "ready" or "errno NUMBER"; what ssh says when it never ran. */
const firstWords = (process: RemoteProcess): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    process.stderr.setEncoding('utf8');
    process.stderr.on('data', (chunk: string) => {
      heard += chunk;
      if (heard.includes('\n')) resolve(heard);
    });
    process.stderr.once('end', () => resolve(heard));
  });

/** Ends as a socket of this machine does: whatever the reason, the end of the other side is an end, not an error. */
const asDuplex = (process: RemoteProcess): Duplex => {
  const { stdin, stdout } = process;
  const duplex = new Duplex({
    allowHalfOpen: false,
    read: () => void stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
    destroy: (error, done) => {
      process.abandon();
      done(error);
    },
  });
  stdout.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) stdout.pause();
  });
  stdout.once('end', () => duplex.push(null));
  return duplex;
};

/** As stream.pl takes it. */
const wordsOf = (target: StreamTarget): readonly [kind: string, path: string] => {
  if ('socket' in target) return ['socket', target.socket];
  return 'terminal' in target ? ['terminal', target.terminal] : ['tcp', `${target.tcp.address}:${target.tcp.port}`];
};

/**
 * A byte stream to a unix socket, a terminal device or a TCP port of the other side, through perl/stream.pl. Rejects with what Node
 * says of a path of this machine that is not there or does not answer, with `code`.
 */
export const connectOver = async (connection: Connection, target: StreamTarget): Promise<Duplex> => {
  const [kind, path] = wordsOf(target);
  const process = spawnOver(connection, ['perl', '-e', await programText(), '--', kind, path]);
  // Nothing of the stream may get lost before somebody listens.
  process.stdout.pause();
  const words = await firstWords(process);
  if (words.startsWith('ready\n')) return asDuplex(process);
  process.abandon();
  const number = /^errno (\d+)/.exec(words)?.[1];
  if (number === undefined) throw connectionLost(connection.target, `the stream to ${path}`, words);
  const [code, meaning] = getSystemErrorMap().get(-Number(number)) ?? [`ERRNO${number}`, 'unknown error'];
  throw nodeError(code, meaning, kind === 'terminal' ? 'open' : 'connect', path);
};
