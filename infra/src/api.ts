import { request as httpRequest } from 'node:http';
import { InnkeeperError } from '@innkeeper/model';

interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly timeoutMs?: number;
}

const parseBody = (text: string): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** One request to the control plane's unix socket, where root needs no token. Rejects when nobody listens. */
export const callApi = (
  socket: string,
  { method = 'GET', path, body, timeoutMs = 60_000 }: ApiRequest,
): Promise<ApiAnswer> =>
  new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    // A connection of its own: a kept one may be closed by the server at the moment it is used again.
    const target = { socketPath: socket, agent: false, method, path, headers, timeout: timeoutMs };
    const request = httpRequest(target, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: parseBody(Buffer.concat(chunks).toString('utf8')) }),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end(payload);
  });

const problemOf = (body: unknown): { detail?: string; title?: string; hint?: string } =>
  typeof body === 'object' && body !== null ? body : {};

/** The body of a successful answer; throws with the server's own words otherwise. */
export const askApi = async (socket: string, request: ApiRequest): Promise<unknown> => {
  let answer: ApiAnswer;
  try {
    answer = await callApi(socket, request);
  } catch (cause) {
    throw new InnkeeperError('unavailable', 'The control plane does not answer', {
      cause,
      hint: 'Start it: npm run up',
    });
  }
  if (answer.status < 300) return answer.body;
  const { detail, title, hint } = problemOf(answer.body);
  throw new InnkeeperError('host_error', detail ?? title ?? `The control plane answered ${answer.status}`, {
    detail: `${request.method ?? 'GET'} ${request.path}: ${JSON.stringify(answer.body)}`,
    ...(hint === undefined ? {} : { hint }),
  });
};

/** The members of a collection's answer: `{ items: […] }`, or the list itself. */
export const itemsOf = (body: unknown): readonly Readonly<Record<string, unknown>>[] => {
  if (Array.isArray(body)) return body as Record<string, unknown>[];
  if (typeof body !== 'object' || body === null || !('items' in body)) return [];
  return itemsOf(body.items);
};
