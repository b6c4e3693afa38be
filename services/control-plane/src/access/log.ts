import { type AuditRow, listAudit, pruneAudit } from '@innkeeper/inventory';
import { type AuditView, InnkeeperError, parseDuration, type Scope } from '@innkeeper/model';
import type { Control } from '../control.ts';

const pruneEveryMs = 3_600_000;
const flushEveryMs = 60_000;

/** What stands in for a missing value: a row says null, an answer says nothing. */
const given = <T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };

const viewOf = (row: AuditRow): AuditView => ({
  id: String(row.id),
  at: row.at.toISOString(),
  who: row.who,
  method: row.method,
  resource: { kind: row.resourceKind, name: row.resourceName },
  outcome: row.operationState ?? row.outcome,
  count: row.count,
  ...given({
    address: row.address,
    path: row.path,
    project: row.project,
    before: row.before,
    after: row.after,
    operation: row.operationId,
    reason: row.reason,
  }),
});

/** A moment such as 2026-11-26T07:00:00Z, or how long ago: 1h. Throws `invalid`. */
export const momentOf = (text: string, now: number): Date => {
  const ago = parseDuration(text);
  if (ago !== undefined) return new Date(Math.max(0, now - ago));
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InnkeeperError(
      'invalid',
      `since: "${text.slice(0, 40)}" is neither a duration such as 1h nor a time such as 2026-11-26T07:00:00Z`,
    );
  return new Date(at);
};

export interface AuditAsked {
  readonly workload?: string | undefined;
  readonly who?: string | undefined;
  readonly since?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** A page of the log, newest first, and where the next one begins. */
export const auditPage = async (
  control: Control,
  { since, ...asked }: AuditAsked,
  scope: Scope,
): Promise<{ items: AuditView[]; next?: string }> => {
  await control.refusals.flush();
  const from = since === undefined ? undefined : momentOf(since, Date.now());
  const rows = await listAudit(control.inventory.db, { ...asked, since: from, scope });
  const last = rows.at(-1);
  const isFull = rows.length === asked.limit && last !== undefined;
  return { items: rows.map(viewOf), ...(isFull ? { next: String(last.id) } : {}) };
};

/** Writes what was counted and takes away what is old, until the signal. */
export const keepAudit = (control: Control, stop: AbortSignal): void => {
  const attempt = (work: () => Promise<unknown>) => (): void =>
    void work().catch((error: unknown) => control.log.warn({ err: error }, 'the audit log was not tended to'));
  const prune = attempt(() => pruneAudit(control.inventory.db, control.config.auditDays));
  const timers = [setInterval(prune, pruneEveryMs), setInterval(attempt(control.refusals.flush), flushEveryMs)];
  prune();
  stop.addEventListener('abort', () => {
    for (const timer of timers) clearInterval(timer);
  });
};
