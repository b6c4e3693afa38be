import type { ExecOptions } from '@innkeeper/driver-contract';
import type { HostProcess } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Control } from '../../control.ts';
import { canDo, placedGuest } from './guest.ts';
import { type Note, serveProcess } from './process.ts';

const execRequest = z.strictObject({
  command: z
    .array(z.string().max(128 * 1024))
    .min(1, 'must hold at least the program, such as ["id"]')
    .max(1000),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable, such as LANG'), z.string())
    .optional(),
  cwd: z.string().startsWith('/', 'must begin with a slash, such as /srv').max(4096).optional(),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'must be a name or a number of a user of the guest, such as www-data')
    .optional(),
  tty: z
    .object({
      cols: z.int().min(1).max(1000),
      rows: z.int().min(1).max(1000),
      optional: z.boolean().optional(),
    })
    .optional(),
});
type ExecStart = z.output<typeof execRequest>;

const startIn = async (control: Control, name: string, request: ExecStart): Promise<HostProcess> => {
  const { guest, driver, placed, report } = await placedGuest(control, name, 'exec');
  if (driver.exec === undefined) {
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which does not offer exec`, {
      hint: `inn console ${name}`,
    });
  }
  const { command, env, cwd, user, tty } = request;
  const withTerminal = tty !== undefined && (tty.optional !== true || canDo(report, 'exec.tty'));
  const plain: ExecOptions = { command, env: env ?? {}, cwd, user, tty: undefined };
  if (!withTerminal) return driver.exec(guest, plain);
  try {
    return await driver.exec(guest, { ...plain, tty });
  } catch (error) {
    // A driver with terminals may have a guest without: a machine that was installed from a medium.
    if (tty.optional === true && error instanceof InnkeeperError && error.code === 'unsupported')
      return driver.exec(guest, plain);
    throw error;
  }
};

/** The program without its arguments, its environment and what it reads: any of these may be a secret. */
const noteOf = ({ command, user, tty }: ExecStart) => ({
  program: (command[0] ?? '').slice(0, 200),
  arguments: command.length - 1,
  user: user ?? 'root',
  terminal: tty !== undefined,
});

export const serveExec = (control: Control, name: string, socket: WebSocket, note: Note): void =>
  serveProcess(socket, (description) => {
    const request = execRequest.parse(description);
    return async () => {
      await note(noteOf(request));
      return startIn(control, name, request);
    };
  });
