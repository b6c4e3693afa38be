import type { Paths } from '@innkeeper/model';

export const databaseUser = 'innkeeper-db';
export const databaseName = 'innkeeper';
export const databaseRole = 'innkeeper';
const databasePort = 5432;

export const socketFile = (paths: Paths): string => `${paths.databaseSocket}/.s.PGSQL.${databasePort}`;
export const databaseLogs = (paths: Paths): string => `${paths.logs}/postgres`;

/**
 * libpq's form for a unix socket. node-postgres reads it as it is; for postgres.js, which would send `host` to the server
 * as a setting, the inventory takes it out and passes it as an option.
 */
export const databaseUrlFor = (paths: Paths): string =>
  `postgres://${databaseRole}@localhost/${databaseName}?host=${encodeURI(paths.databaseSocket)}`;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * A small server for one program: no TCP at all, about 40 MB. Logs are one file for each day of the week, overwritten a week
 * later; io_method sync and no parallel workers save processes that a control plane never keeps busy.
 */
const settings = (paths: Paths): Readonly<Record<string, string>> => ({
  listen_addresses: quote(''),
  unix_socket_directories: quote(paths.databaseSocket),
  unix_socket_permissions: '0700',
  port: String(databasePort),
  cluster_name: quote('innkeeper'),
  max_connections: '100',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  io_method: 'sync',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  timezone: quote('UTC'),
  log_timezone: quote('UTC'),
  logging_collector: 'on',
  log_directory: quote(databaseLogs(paths)),
  log_filename: quote('postgres-%a.log'),
  log_truncate_on_rotation: 'on',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_file_mode: '0640',
  log_line_prefix: quote('%m [%p] '),
  log_min_duration_statement: '5s',
  log_checkpoints: 'off',
});

const header = '# Written by Innkeeper at every start: changes are lost.\n';

/**
 * The three files of a data directory. Who connects is told by the kernel (`peer`): root and the database's own user are
 * the role innkeeper, anybody else is refused, even where somebody opened the socket's 0700 directory. No password exists.
 */
export const configurationFiles = (paths: Paths): Readonly<Record<string, string>> => ({
  'postgresql.conf': `${header}${Object.entries(settings(paths))
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')}`,
  'pg_hba.conf': `${header}local all all peer map=innkeeper\n`,
  'pg_ident.conf': `${header}innkeeper root ${databaseRole}\ninnkeeper ${databaseUser} ${databaseRole}\n`,
});
