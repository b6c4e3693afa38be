import { describe, expect, it } from 'vitest';
import { fileCommand } from './files.ts';

describe('what a guest is told to do with its files', () => {
  it.each([
    ['pack', '/srv/notes', ['tar', '-c', '-f', '-', '-C', '/srv', '--', 'notes']],
    ['pack', '/etc', ['tar', '-c', '-f', '-', '-C', '/', '--', 'etc']],
    ['pack', '/srv/notes//', ['tar', '-c', '-f', '-', '-C', '/srv', '--', 'notes']],
    ['pack', '/', ['tar', '-c', '-f', '-', '-C', '/', '--', '.']],
    ['pack', '/srv/-v', ['tar', '-c', '-f', '-', '-C', '/srv', '--', '-v']],
    ['unpack', '/srv', ['tar', '-x', '-p', '--no-same-owner', '-f', '-', '-C', '/srv']],
    ['read', '/etc/hosts', ['cat', '--', '/etc/hosts']],
    ['look', '/etc', ['test', '-d', '/etc']],
  ] as const)('%s %s', (action, path, command) => expect(fileCommand({ action, path })).toEqual(command));

  it('hands the path of a file that is written to the shell as a word, never as text', () => {
    expect(fileCommand({ action: 'write', path: '/root/$(id); x' }).slice(-2)).toEqual(['sh', '/root/$(id); x']);
  });
});
