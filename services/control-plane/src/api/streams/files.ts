import type { HostProcess } from '@innkeeper/host';
import { type FileRequest, fileActions, InnkeeperError } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Control } from '../../control.ts';
import { placedGuest } from './guest.ts';
import { type Note, serveProcess } from './process.ts';

const fileRequest = z.strictObject({
  action: z.enum(fileActions),
  path: z
    .string()
    .regex(/^\/[^\0]*$/, 'must begin with a slash, such as /root/')
    .max(4096),
});

/** The folder that holds a path, and its last part; of / itself both are there. */
const split = (path: string): { readonly folder: string; readonly name: string } => {
  const parts = path.replace(/\/+$/, '').split('/');
  return { folder: parts.slice(0, -1).join('/') || '/', name: parts.at(-1) || '.' };
};

/** What the guest's own programs are to do: no link of it is ever followed outside. */
export const fileCommand = ({ action, path }: FileRequest): readonly string[] => {
  const { folder, name } = split(path);
  switch (action) {
    case 'look':
      return ['test', '-d', path];
    case 'read':
      return ['cat', '--', path];
    case 'write':
      return ['sh', '-c', 'cat > "$1"', 'sh', path];
    case 'pack':
      return ['tar', '-c', '-f', '-', '-C', folder, '--', name];
    case 'unpack':
      return ['tar', '-x', '-p', '--no-same-owner', '-f', '-', '-C', path];
    default:
      return action satisfies never;
  }
};

const startIn = async (control: Control, name: string, request: FileRequest): Promise<HostProcess> => {
  const { guest, driver, placed, report, state } = await placedGuest(control, name, 'files');
  const command = fileCommand(request);
  if (state === 'running' && driver.exec !== undefined)
    return driver.exec(guest, { command, env: {}, cwd: undefined, tty: undefined });
  if (driver.onFiles !== undefined) return driver.onFiles(guest, command);
  const why = report?.capabilities['files.stopped']?.reasonIfAbsent ?? `${placed.driver} copies no files`;
  throw new InnkeeperError('unsupported', `${name} is ${state}, and nothing can be copied: ${why}`, {
    hint: `inn start ${name}, then copy`,
  });
};

/** Copies into and out of a guest, by its own tar: of one that runs in it, else on its files where its driver can do that. */
export const serveFiles = (control: Control, name: string, socket: WebSocket, note: Note): void =>
  serveProcess(socket, (description) => {
    const request = fileRequest.parse(description);
    return async () => {
      await note(request);
      return startIn(control, name, request);
    };
  });
