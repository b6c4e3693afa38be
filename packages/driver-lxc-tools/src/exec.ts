import type { ExecOptions, GuestRef } from '@innkeeper/driver-contract';
import type { Host, HostProcess } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { isRunning, stateOf } from './containers.ts';
import { named } from './lifecycle.ts';
import { requireThere } from './record.ts';

const defaultEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LANG: 'C.UTF-8',
};

/** lxc-attach has no option for a directory; the words after the first are never parsed by the shell. */
const inDirectory = (directory: string): string[] => ['sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', directory];

/** In the container's cgroups, namespaces and confinement, as its root; lxc-attach passes streams and exit code through. */
export const execInContainer = async (host: Host, guest: GuestRef, options: ExecOptions): Promise<HostProcess> => {
  await requireThere(host, guest);
  const { name } = guest;
  if (!isRunning(await stateOf(host, name)))
    throw new InnkeeperError('conflict', `${name} does not run`, { hint: `inn start ${name}` });
  const variables = Object.entries({
    ...defaultEnvironment,
    ...(options.tty === undefined ? {} : { TERM: 'xterm-256color' }),
    ...options.env,
  });
  return host.spawn(
    [
      ...named('lxc-attach', name),
      '--clear-env',
      ...variables.map(([key, value]) => `--set-var=${key}=${value}`),
      '--',
      ...(options.cwd === undefined ? [] : inDirectory(options.cwd)),
      ...options.command,
    ],
    // lxc-attach starts in the directory of the same name inside, or in / where there is none.
    { cwd: '/root', ...(options.tty === undefined ? {} : { tty: options.tty }) },
  );
};
