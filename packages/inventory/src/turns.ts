import { type SQL, sql } from 'drizzle-orm';

/**
 * How many operations may be under way at a time, over all processes: with the guests of one host, and with guests that are
 * being made, of which nobody knows yet where. A host that has stopped answering keeps no other one waiting, and a thousand
 * requests are no heavier for a host than eight.
 */
export const turnsAtOnce = 8;

/** What an operation has while it is under way. */
export interface Turn {
  readonly workloadId: string;
  /** Null while a guest is being made: nobody knows yet where. */
  readonly host: string | null;
}

/** The host that an operation is counted for; null while its guest is being made. `o` and `w`: its row and its workload's. */
export const countedFor = (o: string, w: string): SQL =>
  sql.raw(`case when ${o}.memory -> 'placed' ->> 'fresh' = 'true' then null else ${w}.placed ->> 'host' end`);

/** Of live processes only: what the dead had is not under way. */
const underWay = sql`
  select r.id, ${countedFor('r', 'rw')} as host from innkeeper.operations r
  join innkeeper.workers v on v.id = r.worker_id and v.lease_until > now()
  left join innkeeper.workloads rw on rw.id = r.workload_id
  where r.state in ('running', 'undoing')`;

/** Whether there is a turn for the operation that the table's row is; about: two that ask at once may both get the last. */
export const hasTurn = sql`(
  select count(*) from (${underWay}) u where u.id <> operations.id and u.host is not distinct from (
    select ${countedFor('operations', 'w')} from (select 1) as one
    left join innkeeper.workloads w on w.id = operations.workload_id)
) < ${turnsAtOnce}`;

/** Begun, and nobody's: its process is dead, or has let go of it. */
const orphaned = sql`o.state in ('running', 'undoing') and not exists (
  select 1 from innkeeper.workers a where a.id = o.worker_id and a.lease_until > now())`;

/**
 * That the operation `o` is the first of its workload, and nobody works on it. The first is looked up for each: as a join, which
 * `not exists` becomes, all that wait would be compared with each other.
 */
const isHead = sql`(o.state = 'queued' or (o.state = 'waiting' and o.due) or (${orphaned})) and o.finished_at is null and o.id = (
  select f.id from innkeeper.operations f
  where f.workload_id = o.workload_id and f.finished_at is null order by f.seq limit 1)`;

/**
 * The operation that is given the turn of one that has ended: what follows for its workload, or the oldest that is counted for the
 * same host.
 */
export const heirOf = ({ workloadId, host }: Turn): SQL => {
  const first = (which: SQL): SQL => sql`
    select o.id from innkeeper.operations o left join innkeeper.workloads w on w.id = o.workload_id
    where ${isHead} and ${countedFor('o', 'w')} is not distinct from ${host}::text and ${which}
    order by o.seq limit 1 for update of o skip locked`;
  return sql`select coalesce((${first(sql`o.workload_id = ${workloadId}`)}), (${first(sql`true`)}))`;
};

/** Workloads whose next operation is to be looked at and has a turn now, the oldest first. */
export const nextInTurn = sql`
  with heads as (
    select o.workload_id, o.seq, ${countedFor('o', 'w')} as host from innkeeper.operations o
    left join innkeeper.workloads w on w.id = o.workload_id
    where ${isHead}
  ), busy as (select u.host, count(*) as many from (${underWay}) u group by u.host),
  ranked as (select workload_id, host, row_number() over (partition by host order by seq) as place from heads)
  select r.workload_id from ranked r left join busy b on b.host is not distinct from r.host
  where r.place <= ${turnsAtOnce} - coalesce(b.many, 0)`;
