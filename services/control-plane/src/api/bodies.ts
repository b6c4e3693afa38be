import { InnkeeperError } from '@innkeeper/model';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app.ts';

/** A specification is some ten levels deep. Checkers and JSON itself walk what they are given by recursion. */
export const deepestBody = 64;

/** How deep the brackets of a JSON text are, as far as the limit and no further; brackets in strings do not count. */
export const depthOf = (text: string, limit = deepestBody): number => {
  let [depth, deepest, inString] = [0, 0, false];
  for (let at = 0; at < text.length && deepest <= limit; at += 1) {
    const sign = text[at];
    if (inString && sign === '\\') at += 1;
    else if (sign === '"') inString = !inString;
    else if (!inString && (sign === '[' || sign === '{')) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (!inString && (sign === ']' || sign === '}')) depth -= 1;
  }
  return deepest;
};

/** U+0000 and halves of pairs are texts for JavaScript and none for PostgreSQL. [PostgreSQL, 8.14 JSON Types] */
const unstorable = (text: string): boolean => /\0|\p{Surrogate}/u.test(text);

/** Whether a text of a JSON document, a key or a value, could not be stored. Looks closer only where an escape says so. */
export const hasUnstorable = (json: string): boolean => {
  if (!/\\u(0000|d[89a-f])/i.test(json)) return false;
  let found = false;
  try {
    JSON.parse(json, (key: string, value: unknown) => {
      found ||= unstorable(key) || (typeof value === 'string' && unstorable(value));
      return value;
    });
  } catch {
    // What is no JSON is refused as such by whoever reads it.
  }
  return found;
};

/** Refuses addresses that no route can mean: a host name that is none, a character that cannot be stored. */
export const limitAddress = (): MiddlewareHandler<AppEnv> => async (c, next) => {
  const host = c.req.header('host') ?? 'localhost';
  if (host.length > 300 || !URL.canParse(`http://${host}`))
    throw new InnkeeperError('invalid', 'The header Host is no host name');
  if (/%00|\0/.test(c.req.url)) throw new InnkeeperError('invalid', 'The address contains the character U+0000');
  await next();
};

/** Throws `invalid` for a body that could be neither walked nor stored. */
export const checkBody = (text: string): void => {
  if (depthOf(text) > deepestBody)
    throw new InnkeeperError('invalid', `The body is nested deeper than ${deepestBody} levels`);
  if (hasUnstorable(text))
    throw new InnkeeperError('invalid', 'The body contains a character that is none: U+0000 or half of a pair');
};

/** A file of any size, which is read as it comes; everything else is JSON. */
export const takesFile = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method === 'POST' && path === '/v1/backups';

/** Refuses bodies that {@link checkBody} does. */
export const limitBody = (): MiddlewareHandler<AppEnv> => async (c, next) => {
  if (takesFile(c.req)) return next();
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') checkBody(await c.req.text());
  await next();
};
