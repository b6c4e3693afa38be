import type { Host } from '../host.ts';
import { runBy } from '../run.ts';
import { watchPathsOver } from './changes.ts';
import { openConnection } from './connection.ts';
import { startDaemonOver } from './daemon.ts';
import { executeOver } from './execute.ts';
import { filesOver } from './files.ts';
import { readLinesOver } from './lines.ts';
import type { SshOptions } from './options.ts';
import { spawnOver } from './process.ts';
import { connectOver } from './stream.ts';
import { parseTarget } from './target.ts';

/**
 * A machine reached over ssh, `ssh://[user@]host[:port]`, where the host may be an alias of ~/.ssh/config. It has to have
 * a POSIX login shell, GNU coreutils and perl (Debian's perl-base), and its key has to be known. Nothing connects before
 * the first call. Throws `invalid` for a target or an option that is none.
 */
export const sshHost = (id: string, target: string, options: SshOptions): Host => {
  const connection = openConnection(parseTarget(target), options);
  return {
    id,
    files: filesOver(connection),
    run: runBy((argv, how) => executeOver(connection, argv, how)),
    spawn: (argv, how) => spawnOver(connection, argv, how),
    lines: (argv, signal) => readLinesOver(connection, argv, signal),
    changes: (patterns, signal) => watchPathsOver(connection, patterns, signal),
    daemon: (argv, how) => startDaemonOver(connection, argv, how),
    connect: (to) => connectOver(connection, to),
  };
};
