import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Connection } from './connection.ts';
import { spawnOver } from './process.ts';

/** {@link Host.lines} over ssh. */
export async function* readLinesOver(
  connection: Connection,
  argv: readonly string[],
  signal: AbortSignal,
): AsyncIterable<string> {
  if (signal.aborted) return;
  const process = spawnOver(connection, argv);
  process.stdin.end();
  process.stderr.resume();
  const stop = (): void => process.abandon();
  signal.addEventListener('abort', stop);
  const lines = createInterface({ input: process.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  const closed = once(lines, 'close');
  try {
    yield* lines;
  } finally {
    signal.removeEventListener('abort', stop);
    process.abandon();
    process.stdout.resume();
    lines.close();
    await closed;
    await process.exit;
  }
}
