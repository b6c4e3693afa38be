import type { Host } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { expect, it } from 'vitest';
import { forgetNames, nameGuests, type WantedNames } from './guest-names.ts';

const paths = pathsUnder('/tmp/x');
const told = `${paths.state}/resolved-links`;

/** A fake: no machine that these tests run on needs to have systemd-resolved. It has files, and says what it was told. */
const fakeHost = (resolved: boolean, hosts = '127.0.0.1 localhost\n') => {
  const files = new Map([
    ['/etc/hosts', hosts],
    ['/run/systemd/resolve', ''],
  ]);
  const commands: string[] = [];
  const host = {
    files: {
      readTextIfThere: async (path: string) => files.get(path),
      facts: async (path: string) => (files.has(path) ? { kind: 'file', mode: 0o640 } : undefined),
      write: async (path: string, text: string) => void files.set(path, text),
      remove: async (path: string) => void files.delete(path),
    },
    run: async (argv: readonly string[]) => {
      if (argv[0] === 'systemctl') return { stdout: '', stderr: '', exitCode: resolved ? 0 : 3 };
      commands.push(argv.join(' '));
      return { stdout: '', stderr: '', exitCode: 0 };
    },
  };
  return { host: host as unknown as Host, files, commands };
};

const wanted = (how: WantedNames['how'], ...bridges: readonly string[]): WantedNames => ({
  how,
  guests: [{ name: 'web', addresses: ['10.80.0.2', 'fd12::2'] }],
  networks: bridges.map((bridge) => ({ name: 'lab', bridge, gateway: '10.80.0.1', domain: 'lab.internal' })),
  reserved: [],
});

it('systemd-resolved is told of networks, and of those that are gone, and /etc/hosts stays', async () => {
  const { host, files, commands } = fakeHost(true);
  await nameGuests(host, paths, wanted('resolved', 'virbr1'));
  expect(commands).toEqual([
    'resolvectl dns virbr1 10.80.0.1',
    'resolvectl domain virbr1 lab.internal',
    'resolvectl default-route virbr1 no',
  ]);
  expect(files.get(told)).toBe('virbr1\n');
  await nameGuests(host, paths, wanted('resolved', 'virbr2'));
  expect(commands[3]).toBe('resolvectl revert virbr1');
  await forgetNames(host, paths);
  expect(commands.at(-1)).toBe('resolvectl revert virbr2');
  expect([files.has(told), files.get('/etc/hosts')]).toEqual([false, '127.0.0.1 localhost\n']);
});

it('nothing is told where systemd-resolved does not run', async () => {
  const { host, files, commands } = fakeHost(false);
  await nameGuests(host, paths, wanted('resolved', 'virbr1'));
  expect([commands, files.has(told)]).toEqual([[], false]);
});

it('one way is given up when another is wanted', async () => {
  const { host, files, commands } = fakeHost(true);
  await nameGuests(host, paths, wanted('resolved', 'virbr1'));
  await nameGuests(host, paths, wanted('hosts', 'virbr1'));
  expect(commands.at(-1)).toBe('resolvectl revert virbr1');
  expect(files.get('/etc/hosts')).toContain('\n10.80.0.2 web\nfd12::2 web\n# END innkeeper-tmp-x\n');
  await nameGuests(host, paths, wanted('off'));
  expect(files.get('/etc/hosts')).toBe('127.0.0.1 localhost\n');
});
