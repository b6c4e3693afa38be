import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { localHost } from '@innkeeper/host';
import { type ImageVariant, InnkeeperError, pathsUnder } from '@innkeeper/model';
import { imageLibrary } from '../library.ts';
import type { Work } from '../work.ts';
import { smallTree, tarOf } from './tars.ts';

/** A disk with a boot sector. */
export const rawDisk = (mebibytes: number): Buffer => {
  const disk = Buffer.alloc(mebibytes * 2 ** 20);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write('a disk', 4096);
  return disk;
};

/** What is refused, and how; anything that went well is a failure of the test. */
export const refusal = async (promise: Promise<unknown>): Promise<InnkeeperError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

export const work = (parts: Partial<Work> = {}): Work => ({
  signal: new AbortController().signal,
  progress: () => undefined,
  limitBytes: 64 * 2 ** 20,
  ...parts,
});

export const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** An image store of a test's own, with what bad images are after beside it. */
export const storePlace = (prefix: string) => {
  const paths = pathsUnder(prefix);
  const host = localHost('test');
  const library = imageLibrary(host, paths);
  const inputs = `${prefix}/inputs`;
  /** A folder with a file that an image must neither read nor write. */
  const victim = `${prefix}/victim`;
  const input = (name: string, content: Buffer | string): string => {
    writeFileSync(`${inputs}/${name}`, content);
    return `${inputs}/${name}`;
  };
  const add = (source: string, more: { name?: string; sha256?: string; variant?: ImageVariant } = {}) =>
    library.add(
      { name: more.name ?? 'test/one', from: { source }, sha256: more.sha256, variant: more.variant },
      work(),
    );
  return {
    prefix,
    paths,
    host,
    library,
    inputs,
    victim,
    input,
    add,
    /** Everything below the prefix but the inputs. */
    left: (): string[] =>
      readdirSync(prefix, { recursive: true, withFileTypes: true })
        .map((one) => `${one.parentPath.slice(prefix.length)}/${one.name}`)
        .filter((path) => !path.startsWith('/inputs'))
        .sort(),
    prepare: async (): Promise<void> => {
      rmSync(prefix, { recursive: true, force: true });
      mkdirSync(inputs, { recursive: true });
      mkdirSync(victim, { recursive: true });
      writeFileSync(`${victim}/secret`, 'root:secret\n', { mode: 0o600 });
      // The folders are there from the first import on: what is compared is what one leaves besides.
      await add(input('first.tar', tarOf(smallTree)));
      await library.remove('test/one');
      await add(input('first.raw', rawDisk(1)));
      await library.remove('test/one');
    },
    end: (): void => rmSync(prefix, { recursive: true, force: true }),
  };
};
