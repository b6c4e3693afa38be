import { readFile } from 'node:fs/promises';
import type { ExecOptions, GuestRef } from '@innkeeper/driver-contract';
import type { Host, HostProcess } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { initPids } from './init.ts';

const program = new URL('../../perl/guest-exec.pl', import.meta.url);
let programText: Promise<string> | undefined;

const defaultEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/** Runs commands in containers of a host. Throws `conflict` for one that does not run. */
export const containerExec = (host: Host): ((guest: GuestRef, options: ExecOptions) => Promise<HostProcess>) => {
  let machine: Promise<string> | undefined;
  /** The host's, which is not always that of this process. Asked once. */
  const arch = (): Promise<string> => {
    machine ??= host.run(['uname', '-m']).then(
      ({ stdout }) => stdout.trim(),
      (error: unknown) => {
        machine = undefined;
        throw error;
      },
    );
    return machine;
  };
  return async (guest, { command, env, cwd = '', user = '', tty }) => {
    programText ??= readFile(program, 'utf8');
    const pid = (await initPids(host, [guest])).get(guest.uuid);
    if (pid === undefined)
      throw new InnkeeperError('conflict', `${guest.name} does not run`, { hint: `inn start ${guest.name}` });
    const variables = Object.entries({
      ...defaultEnvironment,
      ...(tty === undefined ? {} : { TERM: 'xterm-256color' }),
      ...env,
    }).map(([name, value]) => `${name}=${value}`);
    const words = [String(pid), await arch(), user, cwd, String(variables.length), ...variables, ...command];
    return host.spawn(['perl', '-e', await programText, ...words], tty === undefined ? {} : { tty });
  };
};
