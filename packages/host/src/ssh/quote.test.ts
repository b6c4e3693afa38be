import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { localHost } from '../local.ts';
import { commandLine } from './quote.ts';

const host = localHost('here');

/** What a shell makes of the line: a program prints its arguments, each followed by NUL. */
const arrived = async (argv: readonly string[]): Promise<string[]> => {
  const line = commandLine(['perl', '-e', 'print map { "$_\\0" } @ARGV', '--', ...argv]);
  const { stdout } = await host.run(['sh', '-c', line]);
  return stdout.split('\0').slice(0, -1);
};

const odd = fc.stringMatching(/^[ '"\\$`!#&*;<>|(){}[\]?~=%^\n\t\r\-a-z]{0,30}$/);
const unicode = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !text.includes('\0'));

describe('an argument vector as one line', () => {
  test.prop([fc.array(fc.oneof(odd, unicode), { maxLength: 8 })], { numRuns: 200 })(
    'arrives behind a shell as it was',
    async (argv) => {
      expect(await arrived(argv)).toEqual(argv);
    },
    // A shell each: on a busy machine a hundred take longer than five seconds.
    60_000,
  );

  it('keeps empty arguments and what looks like options or assignments', async () => {
    const argv = ['', '-n', '--', 'A=1', '~', '~root', "'", "''", '\n', '!!', '*', '$(id)'];
    expect(await arrived(argv)).toEqual(argv);
  });

  it('is readable where nothing needs quoting', () => {
    expect(commandLine(['virsh', '-c', 'qemu:///system', 'list', '--all'])).toBe('virsh -c qemu:///system list --all');
  });
});
