import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findServer } from './database/server.ts';
import { ensureDatabase, isDatabaseCurrent, stopDatabase } from './database.ts';
import { findAccount } from './setup/accounts.ts';

const host = localHost();
const repository = fileURLToPath(new URL('../..', import.meta.url));
let prefix = '';
let hadUser = true;
const paths = () => pathsUnder(prefix);

/** Both clients of the inventory, each in a process of its own: the URL goes to them as the control plane passes it. */
const clients = {
  'node-postgres': `const { Client } = require('pg');
    const client = new Client({ connectionString: url });
    await client.connect();
    const rows = (await client.query(sql)).rows;
    await client.end();`,
  'postgres.js': `const plain = new URL(url);
    const host = plain.searchParams.get('host');
    plain.searchParams.delete('host');
    const sql$ = require('postgres')(plain.href, { host });
    const rows = await sql$.unsafe(sql);
    await sql$.end();`,
} as const;

const query = async (url: string, sql: string, client: keyof typeof clients = 'node-postgres', as: string[] = []) => {
  const program = `(async () => { const [url, sql] = process.argv.slice(1);
    ${clients[client]} console.log(JSON.stringify(rows)); })().catch((error) => console.log(JSON.stringify(error.message)))`;
  const { stdout } = await host.run([...as, process.execPath, '-e', program, url, sql], { cwd: repository });
  return JSON.parse(stdout) as unknown;
};

const serverPid = async (): Promise<number> => {
  const found = await findServer(host, paths());
  if (found === undefined) throw new Error('no server runs');
  return found.pid;
};

beforeAll(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'ik-'));
  await chmod(prefix, 0o711);
  hadUser = (await findAccount(host, 'innkeeper-db')) !== undefined;
});

afterAll(async () => {
  await stopDatabase(host, paths());
  if (!hadUser) await host.run(['userdel', '--force', '--', 'innkeeper-db'], { expect: [0, 6] });
  await rm(prefix, { recursive: true, force: true });
});

test('a first start makes a database that root reaches without a password', async () => {
  const { url, started } = await ensureDatabase(host, paths());
  expect(started).toBe(true);
  for (const client of ['node-postgres', 'postgres.js'] as const) {
    expect(await query(url, 'select current_user as who, current_database() as name', client)).toEqual([
      { who: 'innkeeper', name: 'innkeeper' },
    ]);
  }
  await query(url, 'create table kept (what text)');
  await query(url, "insert into kept values ('a guest')");
});

test('a second start finds the live one', async () => {
  const pid = await serverPid();
  expect(await ensureDatabase(host, paths())).toMatchObject({ started: false });
  expect(await serverPid()).toBe(pid);
  expect(await isDatabaseCurrent(host, paths())).toBe(true);
});

test('the socket is behind a directory that only the database user and root enter, and no TCP port is open', async () => {
  const directory = await stat(paths().databaseSocket);
  expect(directory.mode & 0o777).toBe(0o700);
  expect(directory.uid).not.toBe(0);
  const { url } = await ensureDatabase(host, paths());
  expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
});

test('another user is refused by the server itself, even where the directory was opened', async () => {
  const { url } = await ensureDatabase(host, paths());
  await chmod(paths().databaseSocket, 0o755);
  await chmod(`${paths().databaseSocket}/.s.PGSQL.5432`, 0o777);
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
  expect(await query(url, 'select 1', 'node-postgres', nobody)).toMatch(/Peer authentication failed/);
  await chmod(paths().databaseSocket, 0o700);
});

test('after kill -9 of the server the next start recovers what was written', async () => {
  process.kill(await serverPid(), 'SIGKILL');
  const { url, started } = await ensureDatabase(host, paths());
  expect(started).toBe(true);
  expect(await query(url, 'select what from kept')).toEqual([{ what: 'a guest' }]);
});

test('a pid file that names a stranger is stale, also when the stranger is of the same user', async () => {
  await stopDatabase(host, paths());
  const pidFile = `${paths().databaseData}/postmaster.pid`;
  const { uid, gid } = await stat(paths().databaseData);
  const log = join(prefix, 'stranger.log');
  const stranger = await host.daemon(
    ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', 'sleep', '60'],
    { log },
  );
  await writeFile(pidFile, `${stranger}\n${paths().databaseData}\n1\n5432\n\n\n\nready   \n`);
  try {
    expect(await ensureDatabase(host, paths())).toMatchObject({ started: true });
    expect(Number((await readFile(pidFile, 'utf8')).split('\n', 1)[0])).toBe(await serverPid());
  } finally {
    process.kill(stranger);
  }
});

test('data of another major version is left alone, and the error says what to do', async () => {
  await stopDatabase(host, paths());
  const versionFile = `${paths().databaseData}/PG_VERSION`;
  const version = await readFile(versionFile, 'utf8');
  await writeFile(versionFile, '15\n');
  await expect(ensureDatabase(host, paths())).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('PostgreSQL 15'),
    hint: expect.stringContaining('pg_dump'),
  });
  await writeFile(versionFile, version);
  expect(await ensureDatabase(host, paths())).toMatchObject({ started: true });
});

test('stopping says whether something ran', async () => {
  expect(await stopDatabase(host, paths())).toBe(true);
  expect(await stopDatabase(host, paths())).toBe(false);
});

test('a database of the user’s own is used as it is', async () => {
  const external = 'postgres://me@db.example/inn';
  expect(await ensureDatabase(host, paths(), { external })).toEqual({ url: external, started: false });
});
