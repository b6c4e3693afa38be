import type { Problem } from '@innkeeper/model';
import { currentToken } from '../session/session.ts';
import { ApiError } from './ApiError.ts';

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Another token than the session's, to try it. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const silence = (cause: unknown): ApiError =>
  new ApiError(
    {
      type: 'about:blank',
      title: 'The control plane does not answer',
      status: 0,
      code: 'unreachable',
      detail: 'Guests run on; this page tries again',
    },
    cause,
  );

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'detail' in value && 'status' in value && 'code' in value;

const refusal = async (response: Response): Promise<ApiError> => {
  const body: unknown = await response.json().catch(() => undefined);
  if (isProblem(body)) return new ApiError(body);
  const { status } = response;
  return new ApiError({
    type: 'about:blank',
    title: `The request was answered with ${status}`,
    status,
    code: 'unknown',
    detail: response.statusText || 'without saying why',
  });
};

/** Sends a request with the token and throws an {@link ApiError} unless it succeeded. */
export const send = async (path: string, options: RequestOptions = {}): Promise<Response> => {
  const { method = 'GET', body, signal, token = currentToken(), headers = {} } = options;
  const response = await fetch(path, {
    method,
    headers: {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    cache: 'no-store',
    credentials: 'omit',
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw silence(error);
  });
  if (!response.ok) throw await refusal(response);
  return response;
};

/** The answer's JSON, in the shape the API's document promises; undefined for an empty one. */
export const request = async <T>(path: string, options: RequestOptions = {}): Promise<T> => {
  const response = await send(path, options);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
};
