import { randomBytes } from 'node:crypto';
import { findTokenById, insertToken, isDuplicate, listTokens, revokeToken, type TokenRow } from '@innkeeper/inventory';
import { InnkeeperError, type NewToken, parseDuration, type TokenView } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { hashOfSecret } from './identity.ts';
import { record, type Trail } from './trail.ts';

const optionalTime = <K extends string>(key: K, date: Date | null): { [key in K]?: string } =>
  (date === null ? {} : { [key]: date.toISOString() }) as { [key in K]?: string };

const viewOf = (row: TokenRow): TokenView => ({
  id: row.id,
  name: row.name,
  role: row.role,
  projects: row.projects,
  createdAt: row.createdAt.toISOString(),
  ...(row.createdBy === null ? {} : { createdBy: row.createdBy }),
  ...optionalTime('expiresAt', row.expiresAt),
  ...optionalTime('revokedAt', row.revokedAt),
  ...optionalTime('lastUsedAt', row.lastUsedAt),
});

/** What the audit log says of a token: everything but its hash. */
const shownOf = ({ name, role, projects, expiresAt }: TokenRow) => ({
  name,
  role,
  projects,
  ...optionalTime('expiresAt', expiresAt),
});

/** Those that were revoked too. */
export const tokenViews = async (control: Control): Promise<TokenView[]> =>
  (await listTokens(control.inventory.db)).map(viewOf);

/** A token with its secret, of which only the hash is kept. Throws `conflict` when another one has the name. */
export const createToken = async (
  control: Control,
  { name, role, projects = [], expires }: NewToken,
  trail: Trail,
): Promise<TokenView & { readonly token: string }> => {
  const token = `ink_${randomBytes(32).toString('base64url')}`;
  const lifeMs = expires === undefined ? undefined : parseDuration(expires);
  const wanted = {
    name,
    role,
    projects: [...new Set(projects)],
    hash: hashOfSecret(token),
    createdBy: trail.who,
    expiresAt: lifeMs === undefined ? null : new Date(Date.now() + lifeMs),
  };
  try {
    const row = await control.inventory.transaction(async (tx) => {
      const made = await insertToken(tx, wanted);
      await record(tx, trail, { resource: { kind: 'token', name }, after: shownOf(made) });
      return made;
    });
    return { ...viewOf(row), token };
  } catch (error) {
    if (!isDuplicate(error, 'tokens_name_in_use')) throw error;
    throw new InnkeeperError('conflict', `There is a token called ${name} already`, {
      hint: `choose another name, or revoke it first: inn token rm ${name}`,
    });
  }
};

/** From now on nobody is known by it; what it did stays in the log under its name. */
export const removeToken = async (control: Control, id: string, trail: Trail): Promise<void> => {
  const before = await findTokenById(control.inventory.db, id);
  if (before === undefined) throw new InnkeeperError('not_found', `There is no token ${id}`);
  await control.inventory.transaction(async (tx) => {
    if ((await revokeToken(tx, id)) === undefined) return;
    await record(tx, trail, { resource: { kind: 'token', name: before.name }, before: shownOf(before) });
  });
};
