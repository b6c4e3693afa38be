import { readFileSync } from 'node:fs';
import { type Client, createClient, type Target } from '@innkeeper/client';
import { InnkeeperError, pathsUnder, prefixVariable } from '@innkeeper/model';

const authority = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InnkeeperError('invalid', `INNKEEPER_CA: ${path} cannot be read`, { cause });
  }
};

/**
 * The machine's own socket, or `INNKEEPER_SOCKET`, or `INNKEEPER_URL`, with `INNKEEPER_TOKEN`; on the socket that is left out by who is to be
 * an administrator. `INNKEEPER_CA`: a file with the authority that signed the control plane's certificate.
 */
export const readTarget = (env: NodeJS.ProcessEnv): Target => {
  const { INNKEEPER_URL: url, INNKEEPER_TOKEN: token, INNKEEPER_CA: ca } = env;
  if (url === undefined) {
    const { INNKEEPER_SOCKET: socket = pathsUnder(env[prefixVariable] ?? '').socket } = env;
    return { socket, ...(token === undefined ? {} : { token }) };
  }
  if (token === undefined) throw new InnkeeperError('unauthenticated', 'INNKEEPER_URL needs INNKEEPER_TOKEN beside it');
  return { url, token, ...(ca === undefined ? {} : { ca: authority(ca) }) };
};

export const client = (): Client => createClient(readTarget(process.env));
