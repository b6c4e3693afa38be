import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { afterEach, beforeEach, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../bin', import.meta.url));
const host = localHost();
let clone = '';

/** The bootstrap in a fresh clone: its own files and two package files, no node_modules. */
const run = (words: readonly string[], env: Record<string, string> = {}) =>
  host.run([process.execPath, `${clone}/infra/bin/up.js`, ...words], { expect: [0, 1, 2], env });

const evaluate = async (program: string): Promise<string> =>
  (
    await host.run([process.execPath, '--input-type=module', '-e', program], { cwd: `${clone}/infra/bin` })
  ).stdout.trim();

const writeLock = (path: string, packages: object): Promise<void> =>
  writeFile(join(clone, path), JSON.stringify({ packages }));

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'ik-clone-'));
  await mkdir(`${clone}/infra`);
  await cp(bin, `${clone}/infra/bin`, { recursive: true });
  await writeFile(`${clone}/package.json`, '{"type":"module"}');
  await writeLock('package-lock.json', { '': {}, 'node_modules/a': { version: '1.0.0' } });
});

afterEach(() => rm(clone, { recursive: true }));

test('a dry run in a fresh clone names what it would do and writes nothing', async () => {
  const before = (await host.run(['find', clone])).stdout;
  const { stdout, exitCode } = await run(['up', '--dry-run'], { INNKEEPER_PREFIX: `${clone}/elsewhere` });
  expect(exitCode).toBe(0);
  for (const part of [
    'Debian packages',
    'npm packages: about',
    'debian/12',
    '/elsewhere/var/lib/innkeeper',
    'Nothing has been changed',
  ]) {
    expect(stdout).toContain(part);
  }
  expect((await host.run(['find', clone])).stdout).toBe(before);
});

test.each([
  [['up', '--nonsense']],
  [['up', '--purge']],
  [['sideways']],
  [[]],
  [['up', '--lab']],
  [['down', '--force']],
])('%j is refused with exit code 2 and one sentence', async (words) => {
  const { stdout, stderr, exitCode } = await run(words);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^.+\nSee: npm run up -- --help\n$/);
});

test('help is no error', async () => {
  for (const words of [['--help'], ['up', '-h'], ['down', '--purge', '--help']]) {
    const { stdout, exitCode } = await run(words);
    expect([exitCode, stdout.includes('--no-lab')]).toEqual([0, true]);
  }
});

test('Node 20.19 is the oldest that will do', async () => {
  const versions = ['18.19.0', '20.18.9', '20.19.0', '22.0.0'];
  const check = `import { isNewEnough } from './node-version.js'; console.log(JSON.stringify(${JSON.stringify(versions)}.map(isNewEnough)))`;
  expect(await evaluate(check)).toBe('[false,false,true,true]');
});

test('libraries are up to date when what npm noted is what is locked, whatever the times say', async () => {
  const has = () => evaluate(`import { hasModules } from './prepare.js'; console.log(hasModules('${clone}'))`);
  expect(await has()).toBe('false');
  await mkdir(`${clone}/node_modules`);
  await writeLock('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
  await utimes(`${clone}/node_modules/.package-lock.json`, 1, 1);
  expect(await has()).toBe('true');
  await writeLock('package-lock.json', { '': {}, 'node_modules/a': { version: '1.0.1' } });
  expect(await has()).toBe('false');
  await writeLock('package-lock.json', {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/mac': { version: '1', optional: true },
  });
  expect(await has()).toBe('true');
});

test('any change of a source asks for a build, a test or a built file does not', async () => {
  const digest = () => evaluate(`import { sourceDigest } from './prepare.js'; console.log(sourceDigest('${clone}'))`);
  await mkdir(`${clone}/packages/a/src`, { recursive: true });
  await mkdir(`${clone}/packages/a/dist`);
  const first = await digest();
  await writeFile(`${clone}/packages/a/dist/a.js`, '');
  await writeFile(`${clone}/packages/a/src/a.test.ts`, '');
  expect(await digest()).toBe(first);
  await writeFile(`${clone}/packages/a/src/a.ts`, '');
  const second = await digest();
  expect(second).not.toBe(first);
  await rm(`${clone}/packages/a/src/a.ts`);
  expect(await digest()).toBe(first);
});

test('sizes are read from apt’s own words', async () => {
  const show = 'Package: cpio\nInstalled-Size: 10\nSize: 2000\n\nPackage: cpio\nInstalled-Size: 1\nSize: 1\n';
  const program = `import { parseSizes, parseSimulation } from './dry-run.js';
    console.log(JSON.stringify([[...parseSizes(${JSON.stringify(show)})], parseSimulation('Inst a (1 x)\\nInst b:arm64 (2 y)\\nConf a (1 x)')]))`;
  expect(JSON.parse(await evaluate(program))).toEqual([[['cpio', { download: 2000, disk: 10240 }]], ['a', 'b:arm64']]);
});

test('the bootstrap imports nothing but Node and itself', async () => {
  for (const name of await host.files.list(bin)) {
    const source = await readFile(join(bin, name), 'utf8');
    for (const [, from] of source.matchAll(/^import .* from '(.+)';$/gm)) expect(from).toMatch(/^(node:|\.\/)/);
  }
});
