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

/** Those that are open or being opened, by the guest's id. */
export type Consoles = Map<string, Promise<Console>>;

/** What a viewer is shown at first; `shared` is missing for a guest that does not run. */
interface View {
  readonly shared: Console | undefined;
  readonly history: Uint8Array;
}

const historyBytes = 64 * 1024;

const share = (live: Duplex, history: Uint8Array, ended: () => void): Console => {
  const shared: Console = { live, viewers: new Set(), history: Buffer.from(history) };
  live.on('data', (chunk: Buffer) => {
    shared.history = Buffer.concat([shared.history, chunk]).subarray(-historyBytes);
    for (const viewer of shared.viewers) send(viewer, 'stdout', chunk);
  });
  live.on('error', () => undefined);
  live.once('close', () => {
    ended();
    for (const viewer of shared.viewers) finish(viewer, { code: 0 });
  });
  return shared;
};

/** One reader per guest and many viewers: two readers of one terminal would each get half of the text. */
const openConsole = async (control: Control, consoles: Consoles, name: string): Promise<View> => {
  const { guest, driver, placed } = await placedGuest(control, name, 'console');
  const known = await consoles.get(guest.uuid)?.catch(() => undefined);
  if (known !== undefined) return { shared: known, history: known.history };
  if (driver.console === undefined)
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which offers no console`, {
      hint: `inn shell ${name}`,
    });
  const opening = driver.console(guest);
  const shared = opening.then(({ history, live }) => {
    if (live === undefined) throw new InnkeeperError('conflict', `${name} does not run`);
    return share(live, history, () => consoles.delete(guest.uuid));
  });
  consoles.set(guest.uuid, shared);
  shared.catch(() => consoles.delete(guest.uuid));
  const { history, live } = await opening;
  return live === undefined ? { shared: undefined, history } : { shared: await shared, history };
};

export const serveConsole = async (
  control: Control,
  consoles: Consoles,
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
