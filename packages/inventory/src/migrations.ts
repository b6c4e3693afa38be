import { fileURLToPath } from 'node:url';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type { Sql } from 'postgres';

export const migrationsSchema = 'innkeeper_migrations';
const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

/** Every migration that this program knows, in order. */
export const knownMigrations = (): readonly MigrationMeta[] => readMigrationFiles({ migrationsFolder });

/** Hashes of the migrations that a database has been through, in order; none for an empty one. */
export const doneMigrations = async (sql: Sql): Promise<string[]> => {
  const [table] = await sql`select to_regclass(${`${migrationsSchema}.__drizzle_migrations`}) is not null as there`;
  if (table?.there !== true) return [];
  const rows = await sql`select hash from ${sql(migrationsSchema)}.__drizzle_migrations order by created_at`;
  return rows.map(({ hash }) => String(hash));
};

export const migrateUp = (sql: Sql): Promise<void> => migrate(drizzle(sql), { migrationsFolder, migrationsSchema });
