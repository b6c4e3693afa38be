import { readFile } from 'node:fs/promises';
import type { ExecOptions, GuestRef } from '@innkeeper/driver-contract';
import type { Host, HostProcess } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { isRunning, stateOf } from './containers.ts';
import { named } from './lifecycle.ts';
import { requireThere } from './record.ts';

const attachProgram = new URL('../perl/attach.pl', import.meta.url);

const defaultEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LANG: 'C.UTF-8',
};

/** lxc-attach has no option for a directory; the words after the first are never parsed by the shell. */
const inDirectory = (directory: string): string[] => ['sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', directory];

/** lxc-attach takes numbers; the container's own `getent` knows them. */
const identityOf = async (host: Host, name: string, user: string) => {
  const attach = [...named('lxc-attach', name), '--clear-env', '--', 'getent', 'passwd', user];
  const { stdout } = await host.run(attach, { expect: [0, 2] });
  const [found, , uid, gid, , home = '/'] = stdout.trim().split(':');
  if (found === undefined || uid === undefined || gid === undefined)
    throw new InnkeeperError('invalid', `${name} has no user ${user}`);
  return { name: found, uid, gid, home };
};

/** In the container's cgroups, namespaces and confinement, as its root; lxc-attach passes streams and exit code through. */
export const execInContainer = async (host: Host, guest: GuestRef, options: ExecOptions): Promise<HostProcess> => {
  await requireThere(host, guest);
  const { name } = guest;
  if (!isRunning(await stateOf(host, name)))
    throw new InnkeeperError('conflict', `${name} does not run`, { hint: `inn start ${name}` });
  const who = options.user === undefined ? undefined : await identityOf(host, name, options.user);
  const variables = Object.entries({
    ...defaultEnvironment,
    ...(who === undefined ? {} : { USER: who.name, HOME: who.home }),
    ...(options.tty === undefined ? {} : { TERM: 'xterm-256color' }),
    ...options.env,
  });
  const process = host.spawn(
    [
      'perl',
      '-e',
      await readFile(attachProgram, 'utf8'),
      ...named('lxc-attach', name),
      '--clear-env',
      ...(who === undefined ? [] : [`--uid=${who.uid}`, `--gid=${who.gid}`]),
      ...variables.map(([key, value]) => `--set-var=${key}=${value}`),
      '--',
      ...(options.cwd === undefined ? [] : inDirectory(options.cwd)),
      ...options.command,
    ],
    // lxc-attach starts in the directory of the same name inside, or in / where there is none.
    { cwd: '/root', ...(options.tty === undefined ? {} : { tty: options.tty }) },
  );
  // Nobody can pass SIGKILL on: another stands for it.
  return { ...process, kill: (signal) => process.kill(signal === 'SIGKILL' ? 'SIGALRM' : signal) };
};
