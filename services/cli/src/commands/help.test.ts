import { describe, expect, it } from 'vitest';
import { buildProgram } from '../main.ts';

const helpOf = async (name: string): Promise<string> => {
  const command = (await buildProgram(name)).commands.find((one) => one.name() === name);
  let text = '';
  command?.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command?.outputHelp();
  return text;
};

describe('the help of what is done with a guest', () => {
  it.each(['exec', 'shell', 'console', 'cp', 'logs', 'screenshot', 'view', 'keys', 'top', 'restore', 'clone'])(
    'has an example of inn %s',
    async (name) => expect(await helpOf(name)).toMatch(new RegExp(`\\nexamples\\n {2}inn ${name} `)),
  );
});

describe('variables of a command', () => {
  it('are one each, so that the name of the guest is not taken for one', async () => {
    const program = await buildProgram('exec');
    const command = program.commands.find((one) => one.name() === 'exec');
    let seen: unknown[] = [];
    command?.action((...all: unknown[]) => {
      seen = all;
    });
    await program.parseAsync(['exec', '-e', 'A=b', '-e', 'C=d', 'web', '--', 'env'], { from: 'user' });
    expect(seen.slice(0, 3)).toMatchObject(['web', expect.arrayContaining(['env']), { env: ['A=b', 'C=d'] }]);
  });
});
