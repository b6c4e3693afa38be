#!/usr/bin/env node
/**
 * `npm run -s fuzz -- --requests 100000 --seed 1 --json`: mutated requests against a control plane of its own, on a real
 * PostgreSQL, whose only driver places nothing: no host is changed. `--from N --requests 1` sends one again.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createClient } from '@innkeeper/client';
import { createLog, openApiText, readConfig, startControlPlane } from '@innkeeper/control-plane';
import { localHost } from '@innkeeper/host';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import { isLostWrite } from '@innkeeper/inventory';
import { pathsUnder } from '@innkeeper/model';
import { randomOf } from './random.js';
import { requestsFrom } from './requests.js';
import { send } from './send.js';

const prefix = '/tmp/innkeeper-test-fuzz';
const paths = pathsUnder(prefix);
const host = localHost('fuzz');
const atOnce = 8;
/** They ask what is too long for an address. */
const questions = /^POST \/v1\/(plan|capacity|rules\/test|placements\/\{id\}\/replay)$/;
/** A host or a server of images that does not answer is no fault of the request, nor of Innkeeper. */
const isSilentHost = (/** @type {string} */ route, /** @type {number} */ status) =>
  (route === 'POST /v1/hosts' || route === 'POST /v1/images') && (status === 502 || status === 503);

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const [count, seed, from] = [Number(values.requests), Number(values.seed), Number(values.from)];

/** @type {{ request: string, problem: string }[]} */
const failures = [];
const fail = (/** @type {number} */ at, /** @type {string} */ problem, /** @type {string} */ request) =>
  void failures.push({
    request: `--seed ${seed} --from ${at} --requests 1: ${request.slice(0, 300)}`,
    problem: problem.slice(0, 500),
  });
/** What is being sent, for what fails outside of an answer. */
let latest = 0;
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => {
    // As in the control plane's own program: a connection that is closed in the middle of a word.
    if (isLostWrite(error)) return;
    fail(latest, `${event}: ${error instanceof Error ? error.stack : String(error)}`, 'about this request');
  });

const megabytes = () => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: Math.round(rss / 2 ** 20), heap: Math.round(heapUsed / 2 ** 20) };
};

const start = async () => {
  await stopDatabase(host, paths);
  await host.files.remove(prefix);
  mkdirSync(prefix, { recursive: true });
  // Nothing goes out, whatever address is made up.
  writeFileSync(`${prefix}/ssh`, 'Host *\n  ProxyCommand false\n');
  const { url } = await ensureDatabase(host, paths);
  const config = readConfig({
    DATABASE_URL: url,
    INNKEEPER_PREFIX: prefix,
    INNKEEPER_LISTEN: 'off',
    INNKEEPER_HOST_NAME: 'nobody-asks-for-it',
    INNKEEPER_DRIVERS: '@innkeeper/driver-lxc-tools',
    INNKEEPER_SSH_CONFIG: `${prefix}/ssh`,
  });
  return startControlPlane(config, { log: createLog(process.env.INNKEEPER_LOG_LEVEL ?? 'fatal') });
};

/** What must not be, whatever was sent. */
const judge = (
  /** @type {string} */ who,
  /** @type {string} */ route,
  /** @type {{ status: number, text: string }} */ answer,
) => {
  const { status, text } = answer;
  const changes = !route.startsWith('GET ') && !questions.test(route);
  const isDone = status === 101 || (status >= 200 && status < 300);
  if (status >= 500 && !isSilentHost(route, status)) return `answered ${text}`;
  if (status === 0) return 'was not answered';
  if (who === 'nobody' && isDone) return 'was answered to nobody';
  if (who === 'viewer' && changes && isDone) return 'was a change by who only looks';
  if (status === 101 || status < 400)
    return /\r\nset-cookie:/i.test(text.split('\r\n\r\n')[0] ?? '') ? 'has a header of somebody else' : undefined;
  const [, body = ''] = text.replace(/\r\n0\r\n\r\n$/, '\r\n').split('\r\n\r\n');
  // Node itself refuses what is no HTTP, without a body.
  if (body !== '' && route.includes('/v1/') && !body.includes('"code":')) return `is no problem document: ${text}`;
  return undefined;
};

const running = await start();
const admin = createClient({ socket: paths.socket });
const tokens = new Map([
  ['viewer', (await admin.createToken({ name: 'viewer', role: 'viewer' })).token],
  ['bound', (await admin.createToken({ name: 'bound', role: 'operator', projects: ['shop'] })).token],
  ['nobody', 'ink_not-a-token'],
]);
const make = requestsFrom(JSON.parse(openApiText()));
/** @type {Record<string, number>} */
const statuses = {};
const began = Date.now();
const before = megabytes();
let next = from;

const worker = async () => {
  while (next < from + count) {
    const at = next;
    next += 1;
    latest = at;
    const random = randomOf(seed * 1_000_003 + at);
    const who = random.pick(['socket', 'socket', 'socket', 'socket', 'viewer', 'bound', 'nobody']);
    const request = make(random);
    // Another token, or none that is one, is another person.
    const person = request.headers.some(([name]) => name === 'authorization') ? 'other' : who;
    const answer = await send(paths.socket, request, tokens.get(who));
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const problem = judge(person, request.route, answer);
    if (problem !== undefined)
      fail(at, problem, `${request.route} as ${who}: ${request.path} ${request.body.toString('latin1')}`);
    if ((at - from) % 10_000 === 9_999)
      process.stderr.write(`${at - from + 1} requests, ${failures.length} failures\n`);
  }
};
await Promise.all(Array.from({ length: atOnce }, worker)).catch((error) =>
  fail(latest, `the test itself: ${error.stack}`, ''),
);

const stillAnswers = (await admin.workloads()).length >= 0;
for (const { name, managed } of await admin.workloads())
  if (managed) await admin.remove(name, { wait: '10s' }).catch(() => undefined);
const left = (await admin.workloads()).filter(({ managed }) => managed).map(({ name }) => name);
const result = {
  requests: count,
  seed,
  seconds: Math.round((Date.now() - began) / 1000),
  statuses,
  failures,
  left,
  stillAnswers,
  megabytes: { before, after: megabytes() },
};
await running.stop();
await stopDatabase(host, paths);
await host.files.remove(prefix);
process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : 2)}\n`);
process.exit(failures.length === 0 && left.length === 0 ? 0 : 1);
