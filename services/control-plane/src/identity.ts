import { createHash, randomBytes } from 'node:crypto';
import { type Db, insertToken, useToken } from '@innkeeper/inventory';
import { InnkeeperError, type Role } from '@innkeeper/model';

/** Who asks. Whoever can open the unix socket is root or in the group `innkeeper`, and is an administrator. */
export interface Identity {
  readonly who: string;
  readonly role: Role;
}

export type Arrival = 'socket' | 'tcp';

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

export const createToken = async (db: Db, name: string, role: Role) => {
  const token = `ink_${randomBytes(32).toString('base64url')}`;
  return { row: await insertToken(db, { name, role, hash: hashOf(token) }), token };
};

const refused = (text: string): InnkeeperError =>
  new InnkeeperError('unauthenticated', text, {
    hint: 'send Authorization: Bearer TOKEN; root makes one with inn token create NAME',
  });

export const identify = async (db: Db, arrival: Arrival, authorization: string | undefined): Promise<Identity> => {
  if (arrival === 'socket' && authorization === undefined) return { who: 'local', role: 'admin' };
  const secret = /^Bearer (\S{1,200})$/.exec(authorization ?? '')?.[1];
  if (secret === undefined) throw refused('This address needs a token');
  const row = await useToken(db, hashOf(secret));
  if (row === undefined) throw refused('The token is not known');
  return { who: row.name, role: row.role };
};

/**
 * A page of another site can make a browser send requests to loopback: only our own names and origins are answered.
 * (DNS rebinding shows in `Host`, cross-site requests in `Origin`.)
 */
export const checkBrowser = (arrival: Arrival, host: string | undefined, origin: string | undefined): void => {
  if (arrival === 'socket') return;
  const name = (host ?? '').replace(/:\d+$/, '');
  if (!['localhost', '127.0.0.1', '[::1]'].includes(name))
    throw new InnkeeperError('forbidden', `Requests for the host name "${name.slice(0, 100)}" are not answered`);
  if (origin !== undefined && origin !== `http://${host}`)
    throw new InnkeeperError('forbidden', `Requests from the page ${origin.slice(0, 100)} are not answered`);
};

const rank: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

export const demand = (identity: Identity, role: Role): void => {
  if (rank[identity.role] < rank[role])
    throw new InnkeeperError('forbidden', `${identity.who} has the role ${identity.role}; this needs ${role}`);
};
