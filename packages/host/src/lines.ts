import { execa } from 'execa';
import { minimalEnvironment } from './environment.ts';

/** See {@link Host.lines}. */
export async function* readLines(argv: readonly string[], signal: AbortSignal): AsyncIterable<string> {
  const [program = '', ...args] = argv;
  if (signal.aborted) return;
  const child = execa(program, args, {
    extendEnv: false,
    env: minimalEnvironment(),
    stdin: 'ignore',
    buffer: false,
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 2000,
  });
  // Not `for await`: leaving it would wait for the program to end before it is told to.
  const lines = child.iterable({ from: 'stdout' })[Symbol.asyncIterator]();
  try {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) yield String(next.value);
  } finally {
    child.kill();
    await child;
  }
}
