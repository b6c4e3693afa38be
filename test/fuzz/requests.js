import { everyInjection, oddValues } from './injections.js';
import { samplerOf } from './samples.js';

/** @typedef {import('./random.js').Random} Random */
/** @typedef {{ method: string, path: string, headers: [string, string][], body: Buffer, route: string, frames: Buffer[] }} FuzzRequest */

const deepNesting = (/** @type {number} */ levels) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Every place in a value, as the object that holds it and its key. */
const placesIn = (/** @type {unknown} */ value) => {
  /** @type {[any, string][]} */
  const found = [];
  const walk = (/** @type {any} */ at) => {
    if (typeof at !== 'object' || at === null) return;
    for (const key of Object.keys(at)) {
      found.push([at, key]);
      walk(at[key]);
    }
  };
  walk(value);
  return found;
};

/** One thing in a body made another; what it was is gone. */
const mutate = (/** @type {any} */ body, /** @type {Random} */ random) => {
  const places = placesIn(body);
  if (places.length === 0) return structuredClone(random.pick(oddValues));
  const [holder, key] = random.pick(places);
  switch (random.below(7)) {
    case 0:
      holder[key] = structuredClone(random.pick(oddValues));
      break;
    case 1:
    case 2:
      holder[key] = random.pick(everyInjection);
      break;
    case 3:
      delete holder[key];
      break;
    case 4:
      Object.defineProperty(holder, random.pick(everyInjection), {
        value: holder[key],
        enumerable: true,
        configurable: true,
        writable: true,
      });
      break;
    case 5: {
      // Copies, since what is shared could be put into itself by the next mutation.
      const text = (JSON.stringify(holder[key]) ?? 'null').slice(0, 2000);
      holder[key] = Array.from({ length: 2 + random.below(200) }, () => (text.length < 2000 ? JSON.parse(text) : text));
      break;
    }
    default:
      holder[key] = JSON.parse(deepNesting(1 + random.below(60)));
  }
  return body;
};

const bodyText = (/** @type {any} */ body, /** @type {Random} */ random) => {
  if (random.oneIn(60)) return Buffer.from(deepNesting(20_000));
  if (random.oneIn(400)) return Buffer.alloc(1_100_000, 'x');
  if (random.oneIn(60)) return random.bytes(random.below(200));
  const text = JSON.stringify(body) ?? '';
  return Buffer.from(random.oneIn(30) ? text.slice(0, random.below(text.length + 1)) : text);
};

/** A text as it may stand in a path or query; now and then not encoded as it should be. */
const encoded = (/** @type {string} */ text, /** @type {Random} */ random) =>
  random.oneIn(4)
    ? text.replace(/[\r\n ]/g, '')
    : encodeURIComponent(text.toWellFormed?.() ?? text.replace(/[\ud800-\udfff]/g, ''));

const oddHeaders = [
  'idempotency-key',
  'authorization',
  'host',
  'origin',
  'content-type',
  'last-event-id',
  'x-forwarded-for',
  'transfer-encoding',
  'accept',
  'cookie',
];

/** What no HTTP client would let somebody send as a header's value, but for what would be another request. */
const headerText = (/** @type {string} */ text) =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/\r\n\r\n/g, '');

/** A frame from a client. [RFC 6455, 5.2] */
const frame = (/** @type {Buffer} */ payload, /** @type {Random} */ random) => {
  const mask = random.bytes(4);
  const head =
    payload.length < 126
      ? Buffer.from([0x82, 0x80 | payload.length])
      : Buffer.from([0x82, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ /** @type {number} */ (mask[at % 4]))]);
};

const startFrames = (/** @type {Random} */ random) =>
  Array.from({ length: 1 + random.below(3) }, () => {
    const said = mutate(
      { command: ['id'], action: 'read', path: '/etc/passwd', user: 'root', cols: 80, rows: 24 },
      random,
    );
    return frame(
      random.oneIn(3)
        ? random.bytes(random.below(120))
        : Buffer.concat([Buffer.from([random.below(9)]), Buffer.from(JSON.stringify(said) ?? '').subarray(0, 60_000)]),
      random,
    );
  });

/** Answers a maker of requests from the API's own document: each number a request, the same for the same random. */
export const requestsFrom = (/** @type {any} */ document) => {
  const sample = samplerOf(document);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(/** @type {object} */ (methods)).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
    })),
  );
  const streams = ['exec', 'files', 'console', 'vnc'].map((kind) => ({
    path: `/v1/workloads/{name}/${kind}`,
    method: 'STREAM',
    operation: {},
  }));
  const all = [...operations, ...operations, ...streams, { path: '/v1/events', method: 'GET', operation: {} }];

  return (/** @type {Random} */ random) => {
    const { path, method, operation } = random.pick(all);
    /** @type {any[]} */
    const parameters = /** @type {any} */ (operation).parameters ?? [];
    const textOf = (/** @type {any} */ { schema, name }) =>
      random.oneIn(4) ? random.pick(everyInjection) : String(sample(schema ?? {}, random, 0, name));
    const inPath = (/** @type {string} */ name) =>
      encoded(
        textOf({ schema: { type: 'string' }, name: name === 'id' && path.includes('rules') ? 'id' : name }),
        random,
      );
    const query = parameters.flatMap((one) =>
      one.in === 'query' && random.oneIn(2) ? [`${one.name}=${encoded(textOf(one), random)}`] : [],
    );
    if (random.oneIn(20))
      query.push(`${encoded(random.pick(everyInjection), random)}=${encoded(random.pick(everyInjection), random)}`);
    const target = `${path.replace(/\{(\w+)\}/g, (_all, name) => inPath(name))}${query.length === 0 ? '' : `?${query.join('&')}`}`;
    const schema = /** @type {any} */ (operation).requestBody?.content?.['application/json']?.schema;
    let body = Buffer.alloc(0);
    if (schema !== undefined) {
      let made = sample(schema, random);
      for (let turn = random.below(4); turn > 0; turn -= 1) made = mutate(made, random);
      body = bodyText(made, random);
    }
    /** @type {[string, string][]} */
    const headers = [];
    if (schema !== undefined && !random.oneIn(30)) headers.push(['content-type', 'application/json']);
    if (random.oneIn(8)) headers.push([random.pick(oddHeaders), headerText(random.pick(everyInjection))]);
    return {
      route: `${method} ${path}`,
      method,
      path: target,
      headers,
      body,
      frames: method === 'STREAM' ? startFrames(random) : [],
    };
  };
};
