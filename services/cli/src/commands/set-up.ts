import type { Command } from 'commander';

const verbs = {
  up: 'set this machine up and start Innkeeper',
  down: 'stop Innkeeper (guests run on); --purge removes it',
} as const;

/** Set-up is asked for with the arguments as they are: it has its own options and help. */
export const addSetUp = (program: Command): void => {
  for (const verb of ['up', 'down'] as const) {
    program
      .command(verb)
      .description(verbs[verb])
      .allowUnknownOption()
      .helpOption(false)
      .argument('[options...]')
      .action(async (_options, _flags, command: Command) => {
        const { runSetUp } = await import('../set-up.ts');
        await runSetUp(verb, command.args);
      });
  }
};
