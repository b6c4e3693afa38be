import { chmod, lstat, mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { InnkeeperError } from '@innkeeper/model';
import { minimalEnvironment } from '../environment.ts';
import { execute } from '../execute.ts';
import { sshFailure } from './failure.ts';
import { checkedDirectory, controlPath, type SshOptions, sshArguments, sshEnvironment } from './options.ts';
import type { SshTarget } from './target.ts';

/** One session on an open connection, until it is released. */
export interface Lease {
  /** Arguments of the ssh that runs one line there. */
  command(line: string, terminal: boolean): readonly string[];
  release(): void;
}

/** Connections to one host that stay open between commands: a command then costs a round trip and no handshake. */
export interface Connection {
  readonly target: SshTarget;
  /** Environment of every ssh. */
  readonly env: Readonly<Record<string, string>>;
  /** Connects when nothing is connected. Throws `transient` or `unavailable`, see {@link sshFailure}. */
  lease(): Promise<Lease>;
}

/** sshd refuses the eleventh session of a connection (MaxSessions); others may use the same one. */
const sessionsPerLane = 8;
/** Handshake included; ssh itself gives up the connecting after 10 s. */
const openingMs = 30_000;

const listens = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Whoever owns the folder could put a socket of his own there, and be the host. */
const preparePrivate = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new InnkeeperError(
      'unavailable',
      `${path} is to hold ssh connections and has to be a folder of Innkeeper's own`,
    );
  }
  await chmod(path, 0o700);
};

interface Lane {
  sessions: number;
  opening: Promise<void> | undefined;
  readonly path: string;
}

export const openConnection = (target: SshTarget, options: SshOptions): Connection => {
  checkedDirectory(options.controlDirectory);
  const env = sshEnvironment(minimalEnvironment());
  const lanes: Lane[] = [];

  const freeLane = (): Lane => {
    const free = lanes.find(({ sessions }) => sessions < sessionsPerLane);
    if (free !== undefined) return free;
    const lane = { sessions: 0, opening: undefined, path: controlPath(target, options, lanes.length) };
    lanes.push(lane);
    return lane;
  };

  /**
   * The first ssh connects, runs nothing and leaves the connection behind; a socket of a dead one it replaces. Not `-N -f`,
   * which stays for ever when another process was faster.
   */
  const open = async (lane: Lane): Promise<void> => {
    if (await listens(lane.path)) return;
    await preparePrivate(options.controlDirectory);
    const own = ['-T', '-S', lane.path, '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60'];
    const ending = await execute([...sshArguments(target, options, own), 'exit 0'], { env, timeoutMs: openingMs });
    if (ending.exitCode !== 0) throw sshFailure(target, ending.stderr);
  };

  /** At once for everybody who asks meanwhile: sshd drops connections when many come together (MaxStartups). */
  const opened = async (lane: Lane): Promise<void> => {
    lane.opening ??= open(lane).finally(() => {
      lane.opening = undefined;
    });
    await lane.opening;
  };

  return {
    target,
    env,
    lease: async () => {
      const lane = freeLane();
      let held = true;
      lane.sessions += 1;
      const release = (): void => {
        if (held) lane.sessions -= 1;
        held = false;
      };
      try {
        await opened(lane);
      } catch (error) {
        release();
        throw error;
      }
      const own = ['-S', lane.path, '-o', 'ControlMaster=no'];
      return {
        command: (line, terminal) => [...sshArguments(target, options, [terminal ? '-tt' : '-T', ...own]), line],
        release,
      };
    },
  };
};
