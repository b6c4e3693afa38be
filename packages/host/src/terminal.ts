import { constants, createWriteStream, open } from 'node:fs';
import { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';

/** Plain descriptors: a FileHandle would be closed once more by the garbage collector, when its number is somebody else's. */
const openDescriptor = promisify(open);

/**
 * Opens an existing terminal device, such as the pty that libvirt gives a container as its console.
 * O_NOCTTY: it must never become the controlling terminal of this process.
 */
export const openTerminal = async (path: string): Promise<Duplex> => {
  const reader = new ReadStream(await openDescriptor(path, constants.O_RDWR | constants.O_NOCTTY, 0));
  reader.setRawMode(true);
  const writer = createWriteStream('', { fd: await openDescriptor(path, constants.O_WRONLY | constants.O_NOCTTY, 0) });
  const duplex = Duplex.from({ readable: reader, writable: writer });
  duplex.once('close', () => {
    reader.destroy();
    writer.destroy();
  });
  // The other end going away (the guest stopped) reads as EIO: an end, not a failure.
  reader.on('error', () => duplex.destroy());
  writer.on('error', () => duplex.destroy());
  return duplex;
};
