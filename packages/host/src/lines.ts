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
  try {
    for await (const line of child.iterable({ from: 'stdout' })) yield String(line);
  } finally {
    child.kill();
    await child;
  }
}
