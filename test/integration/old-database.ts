import { createHash, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { type Db, listHosts, listWorkloads, networkClaimsOf, uidClaimOf } from '@innkeeper/inventory';

/** Databases as earlier versions left them: their own statements, and rows that they could write. */

const repository = fileURLToPath(new URL('../..', import.meta.url));
const migrations = `${repository}/packages/inventory/migrations`;
const host = localHost('test');

const program = `const { Client } = require('pg');
let input = '';
process.stdin.on('data', (chunk) => { input += chunk; }).on('end', async () => {
  const client = new Client({ connectionString: process.argv[1] });
  await client.connect();
  for (const [text, values] of JSON.parse(input)) await client.query(text, values);
  await client.end();
});`;

type Statement = readonly [text: string, values?: readonly unknown[]];

const run = async (url: string, statements: readonly Statement[]): Promise<void> => {
  const input = JSON.stringify(statements);
  await host.run([process.execPath, '-e', program, url], { cwd: repository, input });
};

interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

/** As the migrator itself does it. */
const migration = async (tag: string, when: number): Promise<Statement[]> => {
  const text = await host.files.readText(`${migrations}/${tag}.sql`);
  const hash = createHash('sha256').update(text).digest('hex');
  return [
    ...text.split('--> statement-breakpoint').map((one): Statement => [one]),
    ['insert into innkeeper_migrations.__drizzle_migrations (hash, created_at) values ($1, $2)', [hash, when]],
  ];
};

/** What is looked at again after the upgrade. */
export interface Rows {
  readonly workload: {
    readonly name: string;
    readonly spec: unknown;
    readonly generation: number;
    readonly state: string;
  };
  readonly hosts: readonly { readonly name: string; readonly cpusClaimed: number; readonly memoryClaimed: number }[];
  readonly uidStart: number | undefined;
  readonly interfaces: readonly { readonly network: string; readonly mac: string; readonly address: string | null }[];
}

const id = randomUUID();
const rows: Rows = {
  workload: { name: 'old', spec: { image: 'debian/12', memory: '1GiB' }, generation: 4, state: 'ready' },
  hosts: [{ name: 'h1', cpusClaimed: 2, memoryClaimed: 2 ** 30 }],
  uidStart: 0x2000_0000,
  interfaces: [{ network: 'default', mac: '52:54:00:00:00:07', address: '192.168.122.7' }],
};

/** `count`: of the migrations before. From the second on a host says how much may be claimed of it. */
const written = (count: number): Statement[] => [
  ['insert into innkeeper.installation (id) values ($1)', [randomUUID()]],
  [`insert into innkeeper.hosts (name, address, cpus_total, memory_total) values ('h1', 'local', 8, $1)`, [2 ** 33]],
  [
    `update innkeeper.hosts set cpus_claimed = 2, memory_claimed = $1${count > 1 ? ', cpus_ceiling = 64, memory_ceiling = memory_total' : ''}`,
    [2 ** 30],
  ],
  [
    `insert into innkeeper.workloads (id, name, spec, generation, applied_generation, state, placed) values ($1, 'old', $2, 4, 4, 'ready', $3)`,
    [id, rows.workload.spec, { host: 'h1', driver: 'lxc', backend: 'lxc' }],
  ],
  [
    `insert into innkeeper.capacity_claims (workload_id, host, cpus, memory_bytes, disk_bytes) values ($1, 'h1', 2, $2, 0)`,
    [id, 2 ** 30],
  ],
  ['insert into innkeeper.uid_claims (start, workload_id) values ($1, $2)', [rows.uidStart, id]],
  [
    `insert into innkeeper.network_claims (workload_id, position, host, network, mac, address) values ($1, 0, 'h1', 'default', '52:54:00:00:00:07', '192.168.122.7')`,
    [id],
  ],
];

/** An inventory after the first `count` migrations, with rows; answers what is in it. Whatever was there is gone. */
export const migrateTo = async (url: string, count: number): Promise<Rows> => {
  const { entries } = JSON.parse(await host.files.readText(`${migrations}/meta/_journal.json`)) as Journal;
  const done = await Promise.all(entries.slice(0, count).map(({ tag, when }) => migration(tag, when)));
  await run(url, [
    ['drop schema if exists innkeeper cascade'],
    ['drop schema if exists innkeeper_migrations cascade'],
    ['create schema innkeeper_migrations'],
    [
      'create table innkeeper_migrations.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
    ],
    ...done.flat(),
    ...written(count),
  ]);
  return rows;
};

export const rowsIn = async (db: Db): Promise<Rows> => {
  const [workload] = await listWorkloads(db);
  if (workload === undefined) throw new Error('no workload is left');
  const { name, spec, generation, state } = workload;
  return {
    workload: { name, spec, generation, state },
    hosts: (await listHosts(db)).map((one) => ({
      name: one.name,
      cpusClaimed: one.cpusClaimed,
      memoryClaimed: one.memoryClaimed,
    })),
    uidStart: await uidClaimOf(db, workload.id),
    interfaces: (await networkClaimsOf(db, workload.id)).map(({ network, mac, address }) => ({
      network,
      mac,
      address,
    })),
  };
};
