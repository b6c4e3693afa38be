import { constants, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';

/**
 * Opens an existing terminal device, such as the pty that libvirt gives a container as its console.
 * O_NOCTTY: it must never become the controlling terminal of this process.
 */
export const openTerminal = async (path: string): Promise<Duplex> => {
  const handle = await open(path, constants.O_RDWR | constants.O_NOCTTY);
  const writing = await open(path, constants.O_WRONLY | constants.O_NOCTTY);
  const reader = new ReadStream(handle.fd);
  reader.setRawMode(true);
  const writer = createWriteStream('', { fd: writing.fd, autoClose: false });
  const duplex = Duplex.from({ readable: reader, writable: writer });
  const close = (): void => {
    reader.destroy();
    void writing.close().catch(() => undefined);
  };
  duplex.once('close', close);
  // The other end going away (the guest stopped) reads as EIO: an end, not a failure.
  reader.on('error', () => duplex.destroy());
  return duplex;
};
