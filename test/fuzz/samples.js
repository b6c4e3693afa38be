/** @typedef {import('./random.js').Random} Random */
/** @typedef {Record<string, any>} Schema */

/** Of their names, so that many requests are right and come further than the first check. */
const known = {
  name: ['test-fuzz-a', 'test-fuzz-b', 'test-fuzz-c'],
  image: ['debian/12', 'debian/13', 'windows/11', 'adopted'],
  project: ['default', 'shop'],
  memory: ['64MiB', '1GiB', '16TiB'],
  memoryReserve: ['64MiB'],
  disk: ['1GiB'],
  size: ['1GiB'],
  ttl: ['1h'],
  expires: ['1d'],
  subnet: ['10.99.0.0/24', '10.98.0.0/16', '127.0.0.0/8'],
  network: ['default', 'test-fuzz-net'],
  when: ['workload.cpus > 1', 'host.name == "x"', 'workload.labels["a"] == "b"'],
  message: ['because'],
  id: ['test-fuzz-rule', '00000000-0000-4000-8000-000000000000'],
  address: ['ssh://root@127.0.0.1:1', '10.99.0.9'],
  ports: ['8080:80', '53:53/udp'],
  userData: ['#cloud-config\npackages: [nginx]\n', '#!/bin/sh\nid\n'],
  path: ['/srv/x'],
  source: ['/srv/x.tar', 'http://127.0.0.1:1/x.tar'],
  server: ['http://127.0.0.1:1'],
  since: ['1h', '2026-01-01T00:00:00Z'],
  wait: ['1ms'],
  host: ['test-fuzz-host'],
};

const deepest = 6;

/** Makes values that a schema of the document describes. */
export const samplerOf = (/** @type {Schema} */ document) => {
  const resolve = (/** @type {Schema} */ schema) =>
    typeof schema.$ref === 'string'
      ? schema.$ref
          .slice(2)
          .split('/')
          .reduce((/** @type {any} */ at, key) => at[key], document)
      : schema;

  const objectOf = (/** @type {Schema} */ schema, /** @type {Random} */ random, /** @type {number} */ depth) => {
    /** @type {Record<string, unknown>} */
    const made = {};
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      const needed = schema.required?.includes(key) === true;
      if (needed || (depth < deepest && random.oneIn(depth === 0 ? 5 : 3)))
        made[key] = sample(inner, random, depth + 1, key);
    }
    if (typeof schema.additionalProperties === 'object' && random.oneIn(2))
      made[random.pick(known.name)] = sample(schema.additionalProperties, random, depth + 1, '');
    return made;
  };

  /** @returns {unknown} */
  const sample = (/** @type {Schema} */ given, /** @type {Random} */ random, depth = 0, key = '') => {
    const schema = resolve(given);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return sample(random.pick(choices), random, depth, key);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return random.pick(schema.enum);
    const words = known[/** @type {keyof typeof known} */ (key)];
    switch (Array.isArray(schema.type) ? random.pick(schema.type) : schema.type) {
      case 'object':
        return objectOf(schema, random, depth);
      case 'array':
        return Array.from({ length: random.below(3) }, () => sample(schema.items ?? {}, random, depth + 1, key));
      case 'integer':
      case 'number':
        return (schema.minimum ?? 1) + random.below(4);
      case 'boolean':
        return random.oneIn(2);
      case 'null':
        return null;
      default:
        return random.pick(words ?? ['test-fuzz-a', 'x', '1']);
    }
  };
  return sample;
};
