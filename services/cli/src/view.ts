import { createServer, type Socket } from 'node:net';
import { openScreen } from '@innkeeper/client';
import { InnkeeperError } from '@innkeeper/model';
import { say } from './show/output.ts';
import { client, readTarget } from './target.ts';

const portOf = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InnkeeperError('invalid', `--port ${text}: must be between 0 and 65535`);
  return port;
};

const join = async (name: string, viewer: Socket): Promise<void> => {
  viewer.on('error', () => undefined);
  // What the viewer says first waits until there is somebody to hear it.
  viewer.pause();
  const screen = await openScreen(readTarget(process.env), name, (bytes) => void viewer.write(bytes));
  viewer.on('data', (bytes: Buffer) => screen.write(bytes));
  viewer.once('close', () => screen.close());
  viewer.resume();
  const reason = await screen.closed;
  if (reason !== '') say(reason);
  viewer.destroy();
};

/** A door on loopback to the screen of a machine, wherever its host is: any VNC viewer can go through it. */
export const serveView = async (name: string, port: string): Promise<void> => {
  // A machine without a screen is refused here, not when somebody looks.
  await client().screenshot(name);
  const server = createServer((viewer) => {
    join(name, viewer).catch((error: unknown) => {
      say(error instanceof Error ? error.message : String(error));
      viewer.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new InnkeeperError('conflict', `port ${port} cannot be used`, { cause, hint: 'choose another --port' })),
    );
    server.listen(portOf(port), '127.0.0.1', resolve);
  });
  const address = server.address();
  const shown = typeof address === 'object' && address !== null ? address.port : port;
  say(`the screen of ${name} is at vnc://127.0.0.1:${shown} (remote-viewer vnc://127.0.0.1:${shown}); Ctrl-C ends`);
  await new Promise<void>((resolve) => void process.once('SIGINT', resolve).once('SIGTERM', resolve));
  server.close();
  process.exit(0);
};
