/** Where one installation keeps its things. All of it moves with one prefix, for tests and second installations. */
export interface Paths {
  readonly prefix: string;
  /** Images, disks, overlay uppers, the embedded database. 0711. */
  readonly state: string;
  readonly run: string;
  readonly config: string;
  readonly logs: string;
  /** The API's unix socket. */
  readonly socket: string;
  /** Directory of the embedded database's unix socket. */
  readonly databaseSocket: string;
  readonly databaseData: string;
}

/** `prefix` is empty for the machine's own installation, or an absolute directory. */
export const pathsUnder = (prefix: string): Paths => {
  const run = `${prefix}/run/innkeeper`;
  const state = `${prefix}/var/lib/innkeeper`;
  return {
    prefix,
    state,
    run,
    config: `${prefix}/etc/innkeeper`,
    logs: `${prefix}/var/log/innkeeper`,
    socket: `${run}/api.sock`,
    databaseSocket: `${run}/postgres`,
    databaseData: `${state}/postgres/data`,
  };
};

export const prefixVariable = 'INNKEEPER_PREFIX';

/** Port of the API on loopback, for the page and other programs of this machine. */
export const defaultListen = '127.0.0.1:7766';

/** Tells names of one installation from those of others where all share a folder; empty for the machine's own. */
export const installationSuffix = ({ prefix }: Pick<Paths, 'prefix'>): string => prefix.replace(/[^A-Za-z0-9]+/g, '-');
