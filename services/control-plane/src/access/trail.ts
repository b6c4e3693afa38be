import { type Db, insertAudit, type NewAudit } from '@innkeeper/inventory';
import type { AuditResource } from '@innkeeper/model';
import type { Identity } from './identity.ts';

/** Where a change comes from, carried along to where it is made. */
export interface Trail {
  readonly who: string;
  readonly tokenId: string | undefined;
  /** Of the client; `socket` for who is on this machine. */
  readonly address: string;
  /** HTTP method, or the kind of a stream. */
  readonly method: string;
  readonly path: string;
  /** That the change has its entry already. */
  written: boolean;
}

/** The longest path that is kept: who sends more has nothing good in mind. */
const longestPath = 500;

export const trailOf = (
  { who, tokenId }: Pick<Identity, 'who' | 'tokenId'>,
  request: { readonly address: string; readonly method: string; readonly path: string },
): Trail => ({ who, tokenId, ...request, path: request.path.slice(0, longestPath), written: false });

export interface Change {
  readonly resource: { readonly kind: AuditResource; readonly name: string };
  readonly project?: string | null;
  /** Without secrets. */
  readonly before?: unknown;
  readonly after?: unknown;
  readonly operationId?: string;
  readonly outcome?: NewAudit['outcome'];
  readonly reason?: string;
}

/** Writes what was changed, in the transaction that is given. */
export const record = async (db: Db, trail: Trail, change: Change): Promise<void> => {
  const { resource, project, before, after, operationId, outcome = 'done', reason } = change;
  await insertAudit(db, {
    who: trail.who,
    tokenId: trail.tokenId ?? null,
    address: trail.address,
    method: trail.method,
    path: trail.path,
    resourceKind: resource.kind,
    resourceName: resource.name.slice(0, 200),
    project: project ?? null,
    before: before ?? null,
    after: after ?? null,
    operationId: operationId ?? null,
    outcome,
    reason: reason?.slice(0, 1000) ?? null,
  });
  trail.written = true;
};
