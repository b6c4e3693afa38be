import { describe, expect, it } from 'vitest';
import { buildProgram } from './main.ts';
import { parts } from './parts.ts';

const namesOf = ({ commands }: Awaited<ReturnType<typeof buildProgram>>): string[] =>
  commands
    .flatMap((command) => [command.name(), ...command.aliases()])
    .filter((name) => !name.startsWith('_'))
    .sort();

describe('a part of the command', () => {
  it.each(parts.map(({ names }) => [names] as const))('adds exactly %j', async (names) => {
    expect(namesOf(await buildProgram(names[0]))).toEqual([...names].sort());
  });

  it.each([undefined, '--help', 'help', '__complete', 'no-such-command'])(
    'is loaded with all others for %j',
    async (word) => {
      expect(namesOf(await buildProgram(word))).toEqual(parts.flatMap(({ names }) => names).sort());
    },
  );
});
