import { readFile } from 'node:fs/promises';
import type { Connection } from './connection.ts';
import { readLinesOver } from './lines.ts';

let program: Promise<string> | undefined;
const programText = (): Promise<string> => {
  program ??= readFile(new URL('../../perl/changes.pl', import.meta.url), 'utf8');
  return program;
};

/** {@link Host.changes} over ssh: one small program there, which speaks when there is something to say. */
export async function* watchPathsOver(
  connection: Connection,
  patterns: readonly string[],
  signal: AbortSignal,
): AsyncIterable<'changed'> {
  const argv = ['perl', '-e', await programText(), '--', ...patterns];
  for await (const _line of readLinesOver(connection, argv, signal)) yield 'changed';
}
