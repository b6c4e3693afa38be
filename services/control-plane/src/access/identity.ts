import { createHash } from 'node:crypto';
import { type Db, findToken, findTokenById, markUsed, type TokenRow } from '@innkeeper/inventory';
import { InnkeeperError, type Role, type Scope, socketName } from '@innkeeper/model';

/** Who asks. Whoever can open the unix socket is root or in the group `innkeeper`, and is an administrator. */
export interface Identity {
  /** The name of a token, or `socket`. */
  readonly who: string;
  readonly role: Role;
  readonly scope: Scope;
  /** Missing over the socket without a token. */
  readonly tokenId?: string;
}

/** How a request came: by the unix socket, or over TCP: in the clear, with TLS, or from a proxy that ends TLS. */
export type Arrival = 'socket' | 'tcp' | 'tls' | 'proxy';

/** Of a secret with 256 random bits. */
export const hashOfSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const refused = (text: string): InnkeeperError =>
  new InnkeeperError('unauthenticated', text, {
    hint: 'send Authorization: Bearer TOKEN; root makes one with inn token create',
  });

/** Why a token is good no longer; undefined while it is. */
export const whyDead = ({ revokedAt, expiresAt }: TokenRow, now = new Date()): string | undefined => {
  if (revokedAt !== null) return `was revoked at ${revokedAt.toISOString()}`;
  return expiresAt !== null && expiresAt <= now ? `expired at ${expiresAt.toISOString()}` : undefined;
};

/** Throws `unauthenticated` for who is not known. A token that is given counts, also over the socket. */
export const identify = async (db: Db, arrival: Arrival, authorization: string | undefined): Promise<Identity> => {
  if (arrival === 'socket' && authorization === undefined) return { who: socketName, role: 'admin', scope: undefined };
  const secret = /^Bearer (\S{1,200})$/.exec(authorization ?? '')?.[1];
  if (secret === undefined) throw refused('This address needs a token');
  const row = await findToken(db, hashOfSecret(secret));
  if (row === undefined) throw refused('The token is not known');
  const dead = whyDead(row);
  if (dead !== undefined) throw refused(`The token ${row.name} ${dead}`);
  await markUsed(db, row);
  return {
    who: row.name,
    role: row.role,
    scope: row.projects.length === 0 ? undefined : row.projects,
    tokenId: row.id,
  };
};

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * A page of another site can make a browser send requests to loopback: only our own names and origins are answered.
 * (DNS rebinding shows in `Host`, cross-site requests in `Origin`.) With TLS a name is proven by the certificate, and
 * behind a proxy it is the proxy's: there any name is answered, and only pages of the same name.
 */
export const checkBrowser = (arrival: Arrival, host: string | undefined, origin: string | undefined): void => {
  if (arrival === 'socket') return;
  const name = (host ?? '').replace(/:\d+$/, '');
  if (arrival === 'tcp' && !loopbackNames.includes(name))
    throw new InnkeeperError('forbidden', `Requests for the host name "${name.slice(0, 100)}" are not answered`);
  const schemes = { tcp: ['http'], tls: ['https'], proxy: ['http', 'https'] }[arrival];
  if (origin !== undefined && !schemes.some((scheme) => origin === `${scheme}://${host}`))
    throw new InnkeeperError('forbidden', `Requests from the page ${origin.slice(0, 100)} are not answered`);
};

const rank: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Throws `forbidden`, naming the role that is needed. */
export const demand = (identity: Pick<Identity, 'who' | 'role'>, role: Role): void => {
  if (rank[identity.role] >= rank[role]) return;
  throw new InnkeeperError('forbidden', `${identity.who} has the role ${identity.role}; this needs ${role}`, {
    hint: `an administrator makes a token for it: inn token create --role ${role}`,
  });
};

/** Whether who is connected for long would still be let in: their token is neither revoked nor over. */
export const isStillKnown = async (db: Db, { tokenId }: Pick<Identity, 'tokenId'>): Promise<boolean> => {
  if (tokenId === undefined) return true;
  const row = await findTokenById(db, tokenId);
  return row !== undefined && whyDead(row) === undefined;
};
