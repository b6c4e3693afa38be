import { describe, expect, it } from 'vitest';
import { buildProgram } from '../main.ts';
import { complete, type Names } from './completion.ts';

const names: Names = {
  workloads: async () => ['wiki', 'web', 'desktop'],
  hosts: async () => ['h1', 'h2'],
  images: async () => ['debian/12', 'windows/11'],
  pools: async () => ['default', 'fast'],
  rules: async () => ['linux-as-container'],
  tokens: async () => ['ci', 'ops'],
  snapshots: async (workload) => (workload === 'web' ? ['before-upgrade', 'first'] : []),
  backups: async () => ['web-20261126-154418', 'wiki-20261126-154418'],
  backupTargets: async () => ['nas', 'shelf'],
};

const answer = async (line: string): Promise<string[]> => complete(await buildProgram(), line.split(' '), names);

describe('completion', () => {
  it.each([
    ['pl', ['placement', 'plan']],
    ['host dr', ['drain']],
    ['host drain ', ['h1', 'h2']],
    ['explain w', ['web', 'wiki']],
    ['why-not web ', ['h1', 'h2']],
    ['rm wiki ', ['desktop', 'web', 'wiki']],
    ['run d', ['debian/12']],
    ['token rm c', ['ci']],
    ['snapshot ', ['create', 'describe', 'ls', 'plan', 'rename', 'restore', 'rm']],
    ['snapshot create w', ['web', 'wiki']],
    ['snapshot create web ', []],
    ['snapshot rename web b', ['before-upgrade']],
    ['snapshot describe web before-upgrade ', []],
    ['snapshot rm web b', ['before-upgrade']],
    ['restore web ', ['before-upgrade', 'first']],
    ['restore wiki ', []],
    ['clone w', ['web', 'wiki']],
    ['clone web ', []],
    ['clone web test --snapshot ', ['before-upgrade', 'first']],
    ['pool ', ['add', 'ls', 'rm', 'show']],
    ['pool add ', []],
    ['pool rm f', ['fast']],
    ['pool add fast --host ', ['h1', 'h2']],
    ['run debian/12 --pool ', ['default', 'fast']],
    [
      'backup ',
      ['cp', 'create', 'export', 'files', 'import', 'ls', 'plan', 'restore', 'rm', 'show', 'target', 'verify'],
    ],
    ['backup create w', ['web', 'wiki']],
    ['backup create web --to ', ['nas', 'shelf']],
    ['backup restore we', ['web-20261126-154418']],
    ['backup files we', ['web-20261126-154418']],
    ['backup cp we', ['web-20261126-154418']],
    ['backup cp web-20261126-154418 ', []],
    ['backup verify wiki-20261126-154418 we', ['web-20261126-154418']],
    ['backup ls --target n', ['nas']],
    ['backup target ', ['add', 'ls', 'prune', 'rm', 'scan']],
    ['backup target add ', []],
    ['backup target prune s', ['shelf']],
    ['rule disable ', ['linux-as-container']],
    ['plan --without-host ', ['h1', 'h2']],
    ['capacity --mem', ['--memory']],
    ['completion ', ['bash', 'fish', 'zsh']],
  ])('of "inn %s" is %j', async (line, expected) => expect(await answer(line)).toEqual(expected));

  it('offers every command and none that is hidden', async () => {
    const all = await answer('');
    expect(all).toEqual(expect.arrayContaining(['ls', 'run', 'apply', 'rule', 'doctor', 'completion']));
    expect(all.some((name) => name.startsWith('_'))).toBe(false);
  });
});
