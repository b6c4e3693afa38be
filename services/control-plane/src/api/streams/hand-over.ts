import { request as begin, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { findPlaced, socketOfWatcher } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import type { Control } from '../../control.ts';

const mark = 'innkeeper-handed-over';

/** By another process, which has told the audit log; whoever gets it answers, whoever follows the host by then. */
export const isHandedOver = ({ headers }: IncomingMessage): boolean => headers[mark] !== undefined;

/** The socket of the process that follows the guest's host, when that is another one. */
export const followerOf = async ({ inventory, lease }: Control, name: string): Promise<string | undefined> => {
  const host = (await findPlaced(inventory.db, name))?.workload.placed?.host;
  return host === undefined ? undefined : socketOfWatcher(inventory.db, host, lease.identity.id);
};

const headLines = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

/** Has another process of this machine answer a stream; its token, if any, goes with it. Rejects when nobody answers. */
export const handOver = (request: IncomingMessage, stream: Duplex, head: Buffer, socketPath: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const { origin: _browser, host: _address, ...headers } = request.headers;
    const forwarded = begin({ socketPath, path: request.url, headers: { ...headers, [mark]: '1' } });
    const join = (answer: IncomingMessage, there: Duplex, first: Buffer): void => {
      // Who asked has left meanwhile: nobody is to be left reading there.
      if (stream.destroyed) {
        there.destroy();
        resolve();
        return;
      }
      stream.write(headLines(answer));
      stream.write(first);
      there.write(head);
      there.on('error', () => stream.destroy());
      stream.on('close', () => there.destroy());
      there.on('close', () => stream.destroy());
      stream.pipe(there).pipe(stream);
      resolve();
    };
    forwarded.on('upgrade', join);
    forwarded.on('response', (answer) => {
      stream.write(headLines(answer));
      answer.pipe(stream);
      resolve();
    });
    forwarded.on('error', (cause) =>
      reject(new InnkeeperError('unavailable', 'The control plane that reads this console does not answer', { cause })),
    );
    forwarded.end();
  });
