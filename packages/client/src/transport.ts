import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { type ErrorCode, type EventView, errorCodes, InnkeeperError, type Problem } from '@innkeeper/model';

/**
 * Where the API is: its unix socket, where a token may be left out, or an address with a token. `ca`: who signed the
 * certificate of an https address, as PEM; those that the system trusts without it.
 */
export type Target =
  | { readonly socket: string; readonly token?: string }
  | { readonly url: string; readonly token: string; readonly ca?: string };

interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it comes, instead of `body`. */
  readonly file?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** How a connection is made; also used by the streams. */
export const connectionOf = (
  target: Target,
): {
  readonly socketPath?: string;
  readonly base: string;
  readonly headers: Record<string, string>;
  readonly ca?: string;
} => {
  const headers: Record<string, string> = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` };
  if ('socket' in target) return { socketPath: target.socket, base: 'http://localhost', headers };
  return {
    base: target.url.replace(/\/$/, ''),
    headers,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
  };
};

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;

/** A problem document as the error that it was on the other side. */
export const errorOf = (problem: Problem): InnkeeperError =>
  new InnkeeperError((problem.code in errorCodes ? problem.code : 'internal') as ErrorCode, problem.detail, {
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    complaints: (problem.errors ?? []).map(({ path, message, hint }) => ({
      path,
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
    ...(problem.causes === undefined ? {} : { cause: new Error(problem.causes.join(': ')) }),
  });

/** What Node says of a certificate that it does not take. [Node, TLS, X509 certificate error codes] */
const untrusted = /^(ERR_TLS_|CERT_|DEPTH_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_)/;

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';

export const down = (cause: unknown): InnkeeperError => {
  const denied = codeOf(cause) === 'EACCES';
  if (untrusted.test(codeOf(cause)))
    return new InnkeeperError('unavailable', `The certificate of this address is not trusted (${codeOf(cause)})`, {
      cause,
      hint: 'name the file of the authority that signed it: INNKEEPER_CA=/path/ca.pem',
    });
  return denied
    ? new InnkeeperError('forbidden', 'This user may not talk to Innkeeper', {
        cause,
        hint: 'use sudo, or join the group: sudo usermod -aG innkeeper $USER',
      })
    : new InnkeeperError('unavailable', 'Innkeeper is not running', {
        cause,
        hint: 'start it: inn up (in the clone: npm run up)',
      });
};

/** An answer before its end, which refuses it, ends it. */
const sendFile = (request: ClientRequest, file: Readable, failed: (error: unknown) => void): void => {
  request.once('response', () => {
    file.unpipe(request);
    file.destroy();
  });
  file.once('error', (error) => {
    failed(error);
    request.destroy();
  });
  file.pipe(request);
};

const open = (target: Target, path: string, asking: Asking): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { socketPath, base, headers, ca } = connectionOf(target);
    const send = base.startsWith('https:') ? httpsRequest : httpRequest;
    const body = asking.body === undefined ? undefined : JSON.stringify(asking.body);
    const request = send(
      `${base}${path}`,
      {
        method: asking.method ?? 'GET',
        // A kept connection that the server closes after five idle seconds fails the next request of a busy client.
        agent: false,
        ...(socketPath === undefined ? {} : { socketPath }),
        ...(ca === undefined ? {} : { ca }),
        ...(asking.signal === undefined ? {} : { signal: asking.signal }),
        headers: {
          ...headers,
          ...asking.headers,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      resolve,
    );
    request.on('error', (error) => reject(asking.signal?.aborted === true ? error : down(error)));
    if (asking.file === undefined) request.end(body);
    else sendFile(request, asking.file, reject);
  });

const bodyOf = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** For answers that are no JSON, and may be long: they fail where the connection ends before they do. */
export const openBytes = async (target: Target, path: string): Promise<IncomingMessage> => {
  const response = await open(target, path, {});
  if ((response.statusCode ?? 500) < 400) return response;
  throw errorOf(JSON.parse((await bodyOf(response)).toString('utf8')) as Problem);
};

/** For answers that are no JSON. */
export const fetchBytes = async (target: Target, path: string): Promise<{ bytes: Uint8Array; type: string }> => {
  const response = await openBytes(target, path);
  return { bytes: await bodyOf(response), type: response.headers['content-type'] ?? '' };
};

export const ask = async <T>(target: Target, path: string, asking: Asking = {}): Promise<T> => {
  const response = await open(target, path, asking);
  const text = (await bodyOf(response)).toString('utf8');
  if (response.statusCode === 204) return undefined as T;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InnkeeperError('internal', `The answer of ${path} is not JSON`, { cause, detail: text.slice(0, 500) });
  }
  if ((response.statusCode ?? 500) >= 400)
    throw isProblem(value) ? errorOf(value) : new InnkeeperError('internal', `${path} answered ${response.statusCode}`);
  return value as T;
};

export async function* readEvents(
  target: Target,
  signal: AbortSignal,
  after: string | undefined,
): AsyncIterable<EventView> {
  const response = await open(target, '/v1/events', {
    signal,
    headers: { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) },
  });
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    rest += String(chunk);
    const messages = rest.split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = message.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
      if (data.length > 0) yield JSON.parse(data.join('\n')) as EventView;
    }
  }
}
