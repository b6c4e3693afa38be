import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { down } from './down.ts';
import { createReporter } from './report.ts';
import { findControlPlane } from './service/daemon.ts';
import { findAccount } from './setup/accounts.ts';
import { up } from './up.ts';

/**
 * Set-up and its undoing on this machine: real libvirt, database, accounts and kernel limits, below a prefix of its own.
 * The control plane is a fake of thirty lines: the real one stands on a lower floor and is tested with the main job.
 */
const fakeControlPlane = `
const { createServer } = require('node:http');
const { rmSync } = require('node:fs');
const socket = process.env.INNKEEPER_PREFIX + '/run/innkeeper/api.sock';
let tokens = [];
let workloads = [{ name: 'wiki', managed: true }, { name: 'foreign', managed: false }];
const networks = [{ name: 'lab', managed: true }, { name: 'default', managed: false }];
const answers = {
  'GET /readyz': () => ({}),
  'GET /v1/tokens': () => ({ items: tokens }),
  'POST /v1/tokens': () => (tokens = [{ id: '1', name: 'admin', token: 'shown-once' }])[0],
  'GET /v1/hosts': () => ({ items: [{ name: 'here', state: 'up' }] }),
  'GET /v1/workloads': () => ({ items: workloads }),
  'DELETE /v1/workloads/wiki': () => { workloads = workloads.slice(1); return { id: 'op1', state: 'running' }; },
  'GET /v1/networks': () => ({ items: networks }),
  'DELETE /v1/networks/lab': () => ({}),
  'GET /v1/operations/op1': () => ({ id: 'op1', state: 'done' }),
};
if (!process.env.DATABASE_URL) throw new Error('no DATABASE_URL');
rmSync(socket, { force: true });
createServer((request, response) => {
  const answer = answers[request.method + ' ' + request.url.split('?')[0]];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ? answer() : {}));
}).listen(socket, () => console.log('listening'));
`;
const fakeCommand =
  "require('node:fs').appendFileSync(__filename + '.log', process.argv.slice(2).join(' ') + '\\n');\n";

const host = localHost();
let base = '';
let hadUser = true;
let lines: string[] = [];
const report = createReporter({
  write: (text) => void lines.push(text),
  isTerminal: false,
  hasColour: false,
  columns: 80,
});
const options = () => ({
  environment: { INNKEEPER_LISTEN: '127.0.0.1:7799' },
  host,
  paths: pathsUnder(`${base}/prefix`),
  root: `${base}/root`,
  report,
});

const writeProgram = async (): Promise<void> => {
  const { root } = options();
  await mkdir(`${root}/services/control-plane/dist`, { recursive: true });
  await mkdir(`${root}/services/cli/bin`, { recursive: true });
  await mkdir(`${root}/examples`);
  await writeFile(`${root}/services/control-plane/dist/main.js`, fakeControlPlane);
  await writeFile(`${root}/services/cli/bin/inn.js`, fakeCommand);
  await writeFile(`${root}/examples/lab.yaml`, 'workloads: {}\n');
};

const controlPlanePid = async (): Promise<number | undefined> => (await findControlPlane(host, options().paths))?.pid;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'ik-'));
  await chmod(base, 0o711);
  await writeProgram();
  hadUser = (await findAccount(host, 'innkeeper-db')) !== undefined;
});

afterAll(async () => {
  await down({ ...options(), purge: true, force: true });
  if (!hadUser) await host.run(['userdel', '--force', '--', 'innkeeper-db'], { expect: [0, 6] });
  await rm(base, { recursive: true, force: true });
});

test('up sets everything up, shows the token once and runs the lab', async () => {
  await up(options());
  const text = lines.join('');
  expect(text).toContain('shown-once');
  expect(text).toContain('http://127.0.0.1:7799');
  expect(text).toMatch(/✓ database: PostgreSQL started on .*\/run\/innkeeper\/postgres/);
  expect(await readFile(`${base}/root/services/cli/bin/inn.js.log`, 'utf8')).toBe(
    `apply -f ${base}/root/examples/lab.yaml --wait --fitting\nls\n`,
  );
  expect((await stat(`${base}/prefix/usr/local/bin/inn`)).isFile()).toBe(true);
});

test('a second up finds nothing to do and changes nothing', async () => {
  const record = await readFile(`${options().paths.state}/setup.json`, 'utf8');
  const pid = await controlPlanePid();
  lines = [];
  expect(await up({ ...options(), lab: false })).toEqual({ changed: [] });
  expect(lines.filter((line) => line.includes('nothing to do'))).toHaveLength(10);
  expect(lines.join('')).not.toContain('shown-once');
  expect(await readFile(`${options().paths.state}/setup.json`, 'utf8')).toBe(record);
  expect(await controlPlanePid()).toBe(pid);
});

test('a new build restarts the control plane alone', async () => {
  const pid = await controlPlanePid();
  await writeFile(`${base}/root/services/control-plane/dist/main.js`, `${fakeControlPlane}// changed\n`);
  expect(await up({ ...options(), lab: false })).toEqual({ changed: ['control plane'] });
  expect(await controlPlanePid()).not.toBe(pid);
});

test('a control plane that ends at once is reported with the end of its log', async () => {
  await writeFile(`${base}/root/services/control-plane/dist/main.js`, "throw new Error('cannot go on');\n");
  await expect(up({ ...options(), lab: false })).rejects.toMatchObject({
    message: expect.stringContaining('cannot go on'),
    hint: expect.stringContaining('innkeeper.log'),
  });
  await writeFile(`${base}/root/services/control-plane/dist/main.js`, fakeControlPlane);
});

test('a killed control plane is started again', async () => {
  await up({ ...options(), lab: false });
  process.kill((await controlPlanePid()) ?? 0, 'SIGKILL');
  expect(await up({ ...options(), lab: false })).toEqual({ changed: ['control plane'] });
});

test('of two at the same time one is refused', async () => {
  const results = await Promise.allSettled([down(options()), down(options())]);
  expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('down stops control plane and database, twice without harm', async () => {
  await up({ ...options(), lab: false });
  lines = [];
  await down(options());
  await down(options());
  expect(lines.join('')).toMatch(/control plane: stopped[\s\S]*database: stopped[\s\S]*control plane: did not run/);
});

test('purge removes the workloads and networks, not those of others, and everything that up made, mounts included', async () => {
  lines = [];
  const mounted = `${options().paths.state}/mounted`;
  await mkdir(mounted);
  await host.run(['mount', '-t', 'tmpfs', 'none', mounted]);
  await mkdir(`${mounted}/inner`);
  await host.run(['mount', '-t', 'tmpfs', 'none', `${mounted}/inner`]);
  expect(await down({ ...options(), purge: true })).toEqual({ left: [] });
  expect(lines.join('')).toContain('workloads: removed wiki\n');
  expect(lines.join('')).toContain('networks: removed lab\n');
  expect(lines.join('')).toContain('nothing of Innkeeper is left');
  const { stdout } = await host.run(['find', `${base}/prefix`, '-mindepth', '1']);
  expect(stdout).toBe('');
});
