import { readFile, stat } from 'node:fs/promises';
import { InnkeeperError, invalidInput, largestManifest, type Manifest, parseManifest } from '@innkeeper/model';
import { parseDocument } from 'yaml';
import { notFoundFile } from './show/failure.ts';

const readInput = async (path: string): Promise<string> => {
  if (path === '-') {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of process.stdin) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > largestManifest) throw tooLarge('standard input', size);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
  const facts = await stat(path).catch((cause: unknown) => Promise.reject(notFoundFile(path, cause)));
  if (!facts.isFile()) throw new InnkeeperError('invalid', `${path} is not a file`);
  if (facts.size > largestManifest) throw tooLarge(path, facts.size);
  return readFile(path, 'utf8').catch((cause: unknown) => Promise.reject(notFoundFile(path, cause)));
};

const tooLarge = (path: string, size: number): InnkeeperError =>
  new InnkeeperError('too_large', `${path} has ${size} bytes or more; a manifest may have ${largestManifest}`);

/** Aliases of nothing, and so many that they would fill the memory, are found only here. */
const plainValue = (path: string, convert: () => unknown): unknown => {
  try {
    return convert();
  } catch (error) {
    throw invalidInput([{ path, message: error instanceof Error ? error.message : 'is not YAML' }]);
  }
};

/** Reads a file of YAML (or JSON, which is YAML). Throws `invalid` with the line for what is not YAML. */
export const readYaml = async (path: string): Promise<unknown> => {
  const document = parseDocument(await readInput(path), { uniqueKeys: true, prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    const text = (error.message.split('\n')[0] ?? 'is not YAML').replace(/ at line \d+, column \d+:?$/, '');
    throw invalidInput([{ path: `${path}${line === undefined ? '' : `:${line}`}`, message: text }]);
  }
  return plainValue(path, () => document.toJS({ maxAliasCount: 100 }));
};

export const readManifest = async (path: string): Promise<Manifest> => parseManifest(await readYaml(path));
