import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Host, HostProcess } from '../host.ts';
import { localHost } from '../local.ts';
import { sshHost } from '../ssh/host.ts';
import type { SshOptions } from '../ssh/options.ts';
import { until } from './waiting.ts';

const here = localHost('here');

export interface Sshd {
  readonly directory: string;
  readonly port: number;
  readonly options: SshOptions;
  /** A host of its own, so with connections of its own. */
  host(name: string, changes?: Partial<SshOptions>): Host;
  /** Cuts every connection that is open now; new ones are accepted. */
  cut(): Promise<void>;
  /** Silences every connection that is open now, as a broken network does; new ones are answered. */
  silence(): Promise<void>;
  stop(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const makeKey = (path: string): Promise<unknown> =>
  here.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);

/** Without PAM sshd refuses an account whose password is locked; with it, containers lack what a session needs. */
const rootIsLocked = async (): Promise<boolean> => / L /.test((await here.run(['passwd', '-S', 'root'])).stdout);

const serverConfig = async (directory: string, port: number): Promise<string> =>
  `ListenAddress 127.0.0.1
Port ${port}
HostKey ${directory}/host_key
AuthorizedKeysFile ${directory}/authorized_keys
PidFile none
StrictModes no
UsePAM ${(await rootIsLocked()) ? 'yes' : 'no'}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
# bash then leaves out the .bashrc of whoever runs the tests, which may cost more than all else.
SetEnv SHLVL=2
`;

const childrenOf = async (pid: number): Promise<number[]> =>
  (await here.run(['pgrep', '-P', String(pid)], { expect: [0, 1] })).stdout.split('\n').filter(Boolean).map(Number);

const tell = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
};

/** The line "PID" of a shell that becomes sshd, so that its children are known. */
const firstLine = (server: HostProcess): Promise<number> =>
  new Promise((resolve) => server.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))));

/** An sshd of the tests' own, with its own keys, that lets only them in. */
export const startSshd = async (): Promise<Sshd> => {
  const directory = await mkdtemp('/tmp/innkeeper-ssh-');
  const port = await freePort();
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  await makeKey(`${directory}/host_key`);
  await makeKey(`${directory}/key`);
  await writeFile(`${directory}/authorized_keys`, await here.files.readText(`${directory}/key.pub`));
  const hostKey = (await here.files.readText(`${directory}/host_key.pub`)).split(' ').slice(0, 2).join(' ');
  await writeFile(`${directory}/known_hosts`, `[127.0.0.1]:${port} ${hostKey}\n`);
  await writeFile(`${directory}/sshd_config`, await serverConfig(directory, port));
  // An alias, and what people write into their configuration and no program wants in its streams.
  const clientConfig = `Host nearby\n  HostName 127.0.0.1\n  Port ${port}\n  User root\nHost *\n  IdentitiesOnly yes\n  RequestTTY force\n  RemoteCommand echo hello\n`;
  await writeFile(`${directory}/config`, clientConfig);

  const server = here.spawn([
    'sh',
    '-c',
    'echo $$; exec /usr/sbin/sshd -D -e -f "$1"',
    'sshd',
    `${directory}/sshd_config`,
  ]);
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const pid = await firstLine(server);
  await until('sshd listens', () => log.includes(`listening on 127.0.0.1 port ${port}`));

  const options: SshOptions = {
    controlDirectory: `${directory}/control`,
    identityFile: `${directory}/key`,
    configFile: `${directory}/config`,
    knownHostsFile: `${directory}/known_hosts`,
  };
  const toAll = async (signal: NodeJS.Signals): Promise<void> => {
    for (const child of await childrenOf(pid)) tell(child, signal);
  };
  const cut = (): Promise<void> => toAll('SIGKILL');
  let made = 0;
  return {
    directory,
    port,
    options,
    host: (name, changes = {}) => {
      made += 1;
      return sshHost(name, `ssh://root@127.0.0.1:${port}`, {
        ...options,
        controlDirectory: `${directory}/control${made}`,
        ...changes,
      });
    },
    cut,
    silence: () => toAll('SIGSTOP'),
    stop: async () => {
      await cut();
      server.kill('SIGKILL');
      await server.exit;
      await rm(directory, { recursive: true, force: true });
    },
  };
};
