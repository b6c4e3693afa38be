import { OpenAPIHono } from '@hono/zod-openapi';
import { InnkeeperError } from '@innkeeper/model';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { guard } from '../access/guard.ts';
import type { Arrival, Identity } from '../access/identity.ts';
import type { Trail } from '../access/trail.ts';
import type { Control } from '../control.ts';
import { asProblem, retryAfterSeconds } from '../problem.ts';
import { limitAddress, limitBody, takesFile } from './bodies.ts';
import { gate } from './gate.ts';
import { refuseInvalid } from './refusal.ts';

export interface AppEnv {
  Bindings: {
    arrival: Arrival;
    /** Of the client; missing where there is none to tell, on the unix socket. */
    address?: string;
  };
  Variables: { identity: Identity; trail: Trail };
}

export type App = OpenAPIHono<AppEnv>;

/** Largest request body; a manifest of a thousand workloads is smaller. */
export const largestBody = 1024 * 1024;

const problemResponse = (thrown: unknown): Response => {
  const problem = asProblem(thrown);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (problem.status === 503) headers['retry-after'] = String(retryAfterSeconds);
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
};

/** Hono's own refusals (malformed JSON, wrong content type) come as text; they become problems like all others. */
const fromHttpException = (error: HTTPException): InnkeeperError =>
  error.status === 413
    ? new InnkeeperError('too_large', `The request is larger than ${largestBody} bytes`)
    : new InnkeeperError(
        error.status === 404 ? 'not_found' : 'invalid',
        error.message === '' ? 'The request is not valid' : error.message,
      );

/** The application without routes: identity, limits and errors. */
export const createApp = (control: Control): App => {
  const app: App = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  app.onError((error) => {
    const known = error instanceof HTTPException ? fromHttpException(error) : error;
    const response = problemResponse(known);
    if (response.status >= 500) control.log.error({ err: error }, 'a request failed');
    return response;
  });
  app.notFound((c) =>
    problemResponse(new InnkeeperError('not_found', `There is nothing at ${c.req.method} ${c.req.path}`)),
  );
  app.use('*', limitAddress());
  const limitSize = bodyLimit({
    maxSize: largestBody,
    onError: () => problemResponse(new InnkeeperError('too_large', `The request is larger than ${largestBody} bytes`)),
  });
  app.use('*', (c, next) => (takesFile(c.req) ? next() : limitSize(c, next)));
  app.use('/v1/*', gate(), guard(control), limitBody());
  return app;
};
