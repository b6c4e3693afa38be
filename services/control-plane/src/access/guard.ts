import { InnkeeperError, toInnkeeperError } from '@innkeeper/model';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AppEnv } from '../api/app.ts';
import { checkBody } from '../api/bodies.ts';
import type { Control } from '../control.ts';
import { allow } from './allow.ts';
import { type Arrival, checkBrowser, type Identity, identify } from './identity.ts';
import { record, type Trail, trailOf } from './trail.ts';

interface Matched {
  /** As the table writes it. */
  readonly route: string;
  /** The first part of the path that is a parameter. */
  readonly target: string;
  readonly kind: Resource;
}

type Resource = Parameters<typeof record>[2]['resource']['kind'];

const kinds: Readonly<Record<string, Resource>> = {
  workloads: 'workload',
  networks: 'network',
  hosts: 'host',
  rules: 'rule',
  tokens: 'token',
  guests: 'guest',
  operations: 'operation',
  images: 'image',
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** What the router itself has found, so that nothing is read differently here; undefined when there is no such route. */
const matchOf = (c: Context<AppEnv>): Matched | undefined => {
  const found = matchedRoutes(c).find(({ method }) => method !== 'ALL');
  if (found === undefined) return undefined;
  const pattern = found.path.split('/');
  const at = pattern.findIndex((part) => part.startsWith(':'));
  return {
    route: `${found.method} ${found.path.replace(/:(\w+)/g, '{$1}')}`,
    target: at < 0 ? '' : decoded(c.req.path.split('/')[at] ?? ''),
    kind: kinds[pattern[2] ?? ''] ?? 'request',
  };
};

const bodyOf = async (c: Context<AppEnv>): Promise<Readonly<Record<string, unknown>> | undefined> => {
  checkBody(await c.req.text());
  // What is no JSON is refused as such by whoever reads the body.
  const body: unknown = await c.req.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined;
};

/** Who is behind a request. Throws `unauthenticated` or `forbidden`, and counts those by their addresses. */
export const identifyRequest = async (
  { inventory, refusals }: Control,
  request: {
    readonly arrival: Arrival;
    readonly address: string;
    readonly host: string | undefined;
    readonly origin: string | undefined;
    readonly authorization: string | undefined;
  },
): Promise<Identity> => {
  try {
    checkBrowser(request.arrival, request.host, request.origin);
    return await identify(inventory.db, request.arrival, request.authorization);
  } catch (error) {
    const { code } = toInnkeeperError(error);
    if (code === 'unauthenticated' || code === 'forbidden') refusals.count(request.address);
    throw error;
  }
};

/** A row for a request that was refused to somebody who is known. */
export const recordRefused = async (
  control: Control,
  trail: Trail,
  { kind, target }: Pick<Matched, 'kind' | 'target'>,
  error: unknown,
): Promise<void> => {
  const { code, message } = toInnkeeperError(error);
  if (code !== 'forbidden' && code !== 'not_found') return;
  const change = { resource: { kind, name: target }, outcome: 'refused', reason: `${code}: ${message}` } as const;
  await record(control.inventory.db, trail, change);
};

/** Whether a change has to be written after it, for it was not within its transaction. */
const isUnwritten = (c: Context<AppEnv>, audit: 'within' | 'after' | undefined, trail: Trail): boolean =>
  audit !== undefined && !trail.written && (c.res.status >= 500 || (audit === 'after' && c.res.status < 400));

/** Who asks, whether they may, and a line about what they changed; in front of everything below /v1. */
export const guard =
  (control: Control): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { arrival, address = arrival } = c.env;
    const identity = await identifyRequest(control, {
      arrival,
      address,
      host: c.req.header('host'),
      origin: c.req.header('origin'),
      authorization: c.req.header('authorization'),
    });
    const trail = trailOf(identity, { address, method: c.req.method, path: c.req.path });
    c.set('identity', identity);
    c.set('trail', trail);
    const matched = matchOf(c);
    if (matched === undefined)
      throw new InnkeeperError('not_found', `There is nothing at ${c.req.method} ${c.req.path}`);
    const { db } = control.inventory;
    const asked = { route: matched.route, target: matched.target, body: () => bodyOf(c) };
    const { audit } = await allow(db, identity, asked).catch(async (error: unknown) => {
      await recordRefused(control, trail, matched, error);
      throw error;
    });
    await next();
    if (!isUnwritten(c, audit, trail)) return;
    const outcome = c.res.status >= 500 ? 'failed' : 'done';
    await record(db, trail, { resource: { kind: matched.kind, name: matched.target }, outcome }).catch(
      (error: unknown) => control.log.error({ err: error }, 'an entry of the audit log was not written'),
    );
  };
