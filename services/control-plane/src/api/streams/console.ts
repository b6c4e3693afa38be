import type { Duplex } from 'node:stream';
import { InnkeeperError } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import type { Control } from '../../control.ts';
import { finish, onFrames, send } from './frames.ts';
import { placedGuest } from './guest.ts';

export interface Console {
  readonly live: Duplex;
  readonly viewers: Set<WebSocket>;
  history: Buffer;
}

const historyBytes = 64 * 1024;

/** One reader per guest and many viewers: two readers of one terminal would each get half of the text. */
const openConsole = async (
  control: Control,
  consoles: Map<string, Console>,
  name: string,
): Promise<{ shared: Console | undefined; history: Uint8Array }> => {
  const { guest, driver, placed } = await placedGuest(control, name, 'console');
  const known = consoles.get(guest.uuid);
  if (known !== undefined) return { shared: known, history: known.history };
  if (driver.console === undefined) throw new InnkeeperError('unsupported', `${placed.driver} offers no console`);
  const { history, live } = await driver.console(guest);
  if (live === undefined) return { shared: undefined, history };
  const shared: Console = { live, viewers: new Set(), history: Buffer.from(history) };
  consoles.set(guest.uuid, shared);
  live.on('data', (chunk: Buffer) => {
    shared.history = Buffer.concat([shared.history, chunk]).subarray(-historyBytes);
    for (const viewer of shared.viewers) send(viewer, 'stdout', chunk);
  });
  live.on('error', () => undefined);
  live.once('close', () => {
    consoles.delete(guest.uuid);
    for (const viewer of shared.viewers) finish(viewer, { code: 0 });
  });
  return { shared, history };
};

export const serveConsole = async (
  control: Control,
  consoles: Map<string, Console>,
  name: string,
  socket: WebSocket,
): Promise<void> => {
  const { shared, history } = await openConsole(control, consoles, name);
  send(socket, 'stdout', history);
  if (shared === undefined) return finish(socket, { code: 0 });
  shared.viewers.add(socket);
  onFrames(socket, (frame) => {
    if (frame.channel === 'stdin') shared.live.write(frame.payload);
  });
  socket.on('close', () => {
    shared.viewers.delete(socket);
    if (shared.viewers.size === 0) shared.live.destroy();
  });
};
