/**
 * `inn up` and `inn down` are `npm run up` and `npm run down`: one program, which reads its own arguments.
 * It is imported, not started: `inn` starts no processes.
 */
export const runSetUp = async (verb: 'up' | 'down', args: readonly string[]): Promise<void> => {
  const program = new URL('../../../infra/bin/up.js', import.meta.url);
  process.argv = [process.execPath, program.pathname, verb, ...args];
  await import(program.href);
};
