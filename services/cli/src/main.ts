import { Command, CommanderError } from 'commander';
import { partsFor } from './parts.ts';
import { endWithPipe } from './pipe.ts';
import { reportFailure } from './show/failure.ts';

const afterHelp = `
examples
  inn run debian/12 --name web        a Linux box; policy picks container or virtual machine, and says why
  inn apply -f examples/lab.yaml      make what a manifest describes
  inn explain web                     every host and backend, with every check
  inn exec web -- apt-get update      run a command in it
  inn rm web                          gone, with everything it had

exit codes
  0 done   1 failed   2 the input is not right   3 no such thing   4 not allowed   5 busy or not available`;

/** The commands that a command line needs, ready to be parsed or looked at; without its first word: every command. */
export const buildProgram = async (first?: string): Promise<Command> => {
  const program = new Command('inn')
    .description('Innkeeper keeps guests on hosts: LXC containers and KVM virtual machines, one model')
    .version('0.1.0')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride((error) => {
      throw error;
    })
    .addHelpText('after', afterHelp);
  for (const add of await Promise.all(partsFor(first).map(({ load }) => load()))) add(program);
  return program;
};

/** Commander's own refusals (unknown command or option, missing argument) are inputs that are not right: exit code 2. */
const isUsage = (error: unknown): error is CommanderError => error instanceof CommanderError;

export const main = async (args: readonly string[]): Promise<void> => {
  endWithPipe();
  try {
    const program = await buildProgram(args[0]);
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!isUsage(error)) return reportFailure(error);
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
};
