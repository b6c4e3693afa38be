import { InnkeeperError } from '@innkeeper/model';
import type { WebSocket } from 'ws';
import type { Control } from '../../control.ts';
import { passOn } from './frames.ts';
import { placedGuest } from './guest.ts';

/**
 * The screen of a machine as RFB (VNC) in binary messages, without our framing: what noVNC and websockify speak. Closed
 * with a reason when there is none, at most 123 bytes of it as RFC 6455 allows.
 */
export const serveScreen = async (control: Control, name: string, socket: WebSocket): Promise<void> => {
  const { guest, driver, placed } = await placedGuest(control, name, 'screen');
  if (driver.screen === undefined)
    throw new InnkeeperError('unsupported', `${name} runs on ${placed.driver}, which has no screen`);
  const screen = await driver.screen(guest);
  screen.on('error', () => socket.terminate());
  screen.once('close', () => socket.close(1000));
  socket.once('close', () => screen.destroy());
  passOn(socket, screen, (chunk) => {
    if (socket.readyState === socket.OPEN) socket.send(chunk);
  });
  socket.on('message', (data: Buffer) => void screen.write(data));
  if (socket.readyState !== socket.OPEN) screen.destroy();
};

export const refuseScreen = (socket: WebSocket, thrown: unknown): void => {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  socket.close(
    1011,
    Buffer.from(text)
      .subarray(0, 120)
      .toString('utf8')
      .replace(/\uFFFD$/, ''),
  );
};
