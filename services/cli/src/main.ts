import { Command, CommanderError } from 'commander';
import { addChanges } from './commands/change.ts';
import { addCompletion } from './commands/completion.ts';
import { addFiles } from './commands/files.ts';
import { addHosts, addImages } from './commands/hosts.ts';
import { addInspection } from './commands/inspect.ts';
import { addManifests } from './commands/manifest.ts';
import { addPlacement } from './commands/placement.ts';
import { addRules } from './commands/rules.ts';
import { addTop } from './commands/top.ts';
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

/** Set-up is asked for with the arguments as they are: it has its own options and help. */
const setUp = async (verb: 'up' | 'down', args: readonly string[]): Promise<void> => {
  const { runSetUp } = await import('./set-up.ts');
  await runSetUp(verb, args);
};

/** Every command, ready to be parsed or looked at. */
export const buildProgram = (): Command => {
  const program = new Command('inn')
    .description('Innkeeper keeps guests on hosts: LXC containers and KVM virtual machines, one model')
    .version('0.1.0')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride((error) => {
      throw error;
    })
    .addHelpText('after', afterHelp);
  addInspection(program);
  addTop(program);
  addManifests(program);
  addChanges(program);
  addFiles(program);
  addPlacement(program);
  addRules(program);
  addHosts(program);
  addImages(program);
  addCompletion(program);
  for (const verb of ['up', 'down'] as const) {
    program
      .command(verb)
      .description(
        verb === 'up'
          ? 'set this machine up and start Innkeeper'
          : 'stop Innkeeper (guests run on); --purge removes it',
      )
      .allowUnknownOption()
      .helpOption(false)
      .argument('[options...]')
      .action((_options, _flags, command: Command) => setUp(verb, command.args));
  }
  return program;
};

/** Commander's own refusals (unknown command or option, missing argument) are inputs that are not right: exit code 2. */
const isUsage = (error: unknown): error is CommanderError => error instanceof CommanderError;

export const main = async (args: readonly string[]): Promise<void> => {
  // Somebody closed the pipe (inn ls | head): not an error.
  process.stdout.on('error', () => process.exit(0));
  try {
    await buildProgram().parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!isUsage(error)) return reportFailure(error);
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
};
