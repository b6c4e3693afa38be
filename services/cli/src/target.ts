import { type Client, createClient, type Target } from '@innkeeper/client';
import { InnkeeperError, pathsUnder, prefixVariable } from '@innkeeper/model';

/** The machine's own socket, or `INNKEEPER_URL` with `INNKEEPER_TOKEN`. */
export const readTarget = (env: NodeJS.ProcessEnv): Target => {
  const { INNKEEPER_URL: url, INNKEEPER_TOKEN: token } = env;
  if (url === undefined) return { socket: pathsUnder(env[prefixVariable] ?? '').socket };
  if (token === undefined) throw new InnkeeperError('unauthenticated', 'INNKEEPER_URL needs INNKEEPER_TOKEN beside it');
  return { url, token };
};

export const client = (): Client => createClient(readTarget(process.env));
