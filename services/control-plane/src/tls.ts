import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { InnkeeperError } from '@innkeeper/model';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

type Files = Extract<Config['transport'], { kind: 'tls' }>;

export interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How soon a certificate that was renewed is used; files are looked at, since links and renames escape a watch. */
const lookMs = 1000;

const read = async (setting: string, path: string): Promise<Buffer> => {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new InnkeeperError('invalid', `${setting}: ${path} cannot be read`, { cause });
  }
};

/** A certificate with its key. Throws `invalid`, naming the files, when one cannot be read or they do not fit. */
export const readPair = async ({ cert, key }: Files): Promise<Pair> => {
  const pair = { cert: await read('INNKEEPER_TLS_CERT', cert), key: await read('INNKEEPER_TLS_KEY', key) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new InnkeeperError('invalid', `${cert} and ${key} are no certificate with its key`, {
      cause,
      hint: 'both are PEM; the first file holds the certificate, then those of its authorities',
    });
  }
  return pair;
};

/** Uses what is written into the files from then on; connections that are open stay. Answers what ends it. */
export const followPair = (server: Server, files: Files, log: Logger): (() => void) => {
  const renew = (): void => {
    readPair(files).then(
      (pair) => {
        server.setSecureContext(pair);
        log.info({ cert: files.cert }, 'the certificate was read again');
      },
      // Of the two files one is always written first.
      (error: unknown) => log.warn({ err: error }, 'the certificate that was used until now is kept'),
    );
  };
  const paths = [files.cert, files.key];
  for (const path of paths) watchFile(path, { interval: lookMs, persistent: false }, renew);
  return () => {
    for (const path of paths) unwatchFile(path, renew);
  };
};
