import type { WorkloadSpec } from '@innkeeper/model';
import { sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import type { Place } from './schema.ts';

/** A running workload whose probe is due. */
export interface DueProbe {
  readonly id: string;
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly placed: Place;
  readonly addresses: readonly string[];
  /** When its guest started, in milliseconds since 1970; null where nobody knows. */
  readonly startedAtMs: number | null;
  /** Whether it was ready in this life of its guest. */
  readonly ready: boolean;
}

/** Those that have a probe, and run on a host that answers. */
const probed = sql`
  from innkeeper.workloads w
  join innkeeper.hosts h on h.name = w.placed->>'host' and h.state in ('up', 'draining')
  join innkeeper.guests g on g.host = h.name and g.driver = w.placed->>'driver' and g.uuid = w.id::text
  where w.spec ? 'readiness' and w.state = 'ready' and g.observation->>'state' = 'running'`;

/** A probe that was taken and never recorded, since its process is gone, is due again after this. */
const lease = sql`interval '30 seconds'`;

/** Takes what is due, so that of several processes one probes; a guest that was started anew is due at once. */
export const takeProbes = async (db: Db): Promise<DueProbe[]> => {
  const rows = await db.execute<DueProbe & Record<string, unknown>>(sql`
    with due as (
      select w.id, g.observation, w.probed_life is not distinct from g.observation->>'startedAtMs' as same_life ${probed}
        and (w.probe_at is null or w.probe_at <= now() or w.probed_life is distinct from g.observation->>'startedAtMs')
      for update of w skip locked
    )
    update innkeeper.workloads w set
      probe_at = now() + ${lease}, probed_life = due.observation->>'startedAtMs',
      ready_at = case when due.same_life then w.ready_at end,
      readiness_text = case when due.same_life then w.readiness_text end
    from due where w.id = due.id
    returning w.id, w.name, w.spec, w.placed, due.observation->'addresses' as addresses,
      (due.observation->>'startedAtMs')::float8 as "startedAtMs", w.ready_at is not null as ready`);
  return [...rows];
};

/** What a probe found, and in how many milliseconds the next is due. */
export interface ProbeResult {
  readonly id: string;
  readonly ready: boolean;
  readonly text: string | undefined;
  readonly nextMs: number;
}

export const recordProbe = async (db: Db, { id, ready, text, nextMs }: ProbeResult): Promise<void> => {
  await db.execute(sql`
    update innkeeper.workloads set
      ready_at = case when ${ready} then coalesce(ready_at, now()) end, readiness_text = ${text ?? null},
      probe_at = now() + ${nextMs}::float8 * interval '1 millisecond'
    where id = ${id}`);
};

/** In how many milliseconds the next probe is due; undefined without any. */
export const nextProbeMs = async (db: Db): Promise<number | undefined> => {
  const [row] = await db.execute<{ ms: number | null }>(
    sql`select extract(epoch from min(coalesce(w.probe_at, now())) - now())::float8 * 1000 as ms ${probed}`,
  );
  return row?.ms ?? undefined;
};
