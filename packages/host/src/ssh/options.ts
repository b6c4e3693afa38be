import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { InnkeeperError } from '@innkeeper/model';
import { destinationOf, type SshTarget } from './target.ts';

export interface SshOptions {
  /** Absolute path of a folder for the sockets of connections; made with mode 0700. Short: 70 characters at most. */
  readonly controlDirectory: string;
  /** A private key beside those that ssh finds by itself. */
  readonly identityFile?: string;
  /** Instead of the user's own ~/.ssh/config. */
  readonly configFile?: string;
  /** Instead of the user's own ~/.ssh/known_hosts. */
  readonly knownHostsFile?: string;
}

/** A socket's path has 107 bytes at most; ours takes a slash and 19, and ssh appends 17 while it makes one. */
const longestDirectory = 70;

/** ssh expands %, $ and ~ in it. Throws `invalid`. */
export const checkedDirectory = (path: string): string => {
  if (isAbsolute(path) && path.length <= longestDirectory && /^[A-Za-z0-9_/.,:=@+-]+$/.test(path)) return path;
  throw new InnkeeperError('invalid', `"${path}" cannot hold the sockets of ssh connections`, {
    hint: `give an absolute path of letters, digits and _/.,:=@+- with at most ${longestDirectory} characters`,
  });
};

/** Connections are shared by whoever has the same directory, target and options, also by the next process. */
export const controlPath = (target: SshTarget, options: SshOptions, lane: number): string => {
  const same = [target.url, options.identityFile ?? '', options.configFile ?? '', options.knownHostsFile ?? ''];
  const name = createHash('sha256').update(same.join('\0')).digest('hex').slice(0, 16);
  return `${options.controlDirectory}/${name}-${lane}`;
};

/** Arguments of ssh up to and with the destination. The first value of an option counts, so the user's own come last. */
export const sshArguments = (target: SshTarget, options: SshOptions, own: readonly string[]): readonly string[] => [
  'ssh',
  ...(options.configFile === undefined ? [] : ['-F', options.configFile]),
  ...own,
  ...[
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'LogLevel=ERROR',
    // Of a configuration written for people: none of it belongs to a program's streams.
    'EscapeChar=none',
    'RemoteCommand=none',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    'PermitLocalCommand=no',
    ...(options.knownHostsFile === undefined ? [] : [`UserKnownHostsFile="${options.knownHostsFile}"`]),
  ].flatMap((option) => ['-o', option]),
  ...(options.identityFile === undefined ? [] : ['-i', options.identityFile]),
  ...(target.port === undefined ? [] : ['-p', String(target.port)]),
  '--',
  destinationOf(target),
];

/** The user's own agent and home, for ssh alone: the programs of the other side get the minimal environment. */
export const sshEnvironment = (environment: Readonly<Record<string, string>>): Record<string, string> => {
  const passed = ['HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK'];
  return {
    ...environment,
    ...Object.fromEntries(
      passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
  };
};
