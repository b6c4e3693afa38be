import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InnkeeperError } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from './manifest-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'innkeeper-manifest-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string): string => {
  const path = join(folder, 'inn.yaml');
  writeFileSync(path, text);
  return path;
};

const refusalOf = async (path: string): Promise<InnkeeperError> => {
  const thrown: unknown = await readManifest(path).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof InnkeeperError)) throw new Error('not refused with an InnkeeperError', { cause: thrown });
  return thrown;
};

describe('a manifest file', () => {
  it('may be YAML', async () => {
    const path = write('workloads:\n  wiki:\n    image: debian/12\n    networks: [{ network: default }]\n');
    expect(await readManifest(path)).toEqual({
      workloads: { wiki: { image: 'debian/12', networks: [{ network: 'default' }] } },
    });
  });

  it('may be JSON', async () => {
    expect(await readManifest(write('{"workloads":{"wiki":{"image":"debian/12"}}}'))).toEqual({
      workloads: { wiki: { image: 'debian/12' } },
    });
  });

  it('may repeat itself with anchors', async () => {
    const { workloads } = await readManifest(write('workloads:\n  a: &a { image: debian/12 }\n  b: *a\n'));
    expect(workloads.b).toEqual({ image: 'debian/12' });
  });

  it('that is not YAML is refused with the line', async () => {
    const path = write('workloads:\n  wiki:\n    image: "debian/12\n');
    const error = await refusalOf(path);
    expect(error.code).toBe('invalid');
    expect(error.complaints[0]?.path).toMatch(/inn\.yaml:[34]$/);
    expect(error.message).not.toMatch(/at line \d+, column/);
  });

  it('that has a key twice is refused with the line', async () => {
    const path = write('workloads:\n  wiki:\n    image: debian/12\n    image: debian/13\n');
    const error = await refusalOf(path);
    expect(error.complaints).toEqual([{ path: `${path}:4`, message: 'Map keys must be unique' }]);
  });

  it('of two documents is refused', async () => {
    expect((await refusalOf(write('workloads: {}\n---\nworkloads: {}\n'))).code).toBe('invalid');
  });

  it.each([
    ['', 'nothing'],
    ['- a\n', 'a list'],
    ['text', 'a text'],
  ])('%j is refused as %s', async (text) => {
    expect((await refusalOf(write(text))).message).toContain('a manifest is a mapping');
  });

  it('that refers to what is not there is refused as invalid', async () => {
    expect((await refusalOf(write('workloads:\n  wiki: *nowhere\n'))).code).toBe('invalid');
  });

  it('that would unfold to billions of values is refused as invalid', async () => {
    const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}*l${at}]`);
    expect((await refusalOf(write(`l0: &l0 [x]\n${levels.join('\n')}\n`))).code).toBe('invalid');
  });

  it('that holds itself is refused as invalid', async () => {
    const path = write('workloads:\n  wiki:\n    image: debian/12\n    labels: &l { self: *l }\n');
    expect((await refusalOf(path)).code).toBe('invalid');
  });

  it('of 2 MB is refused for its size', async () => {
    const path = write('#'.repeat(2_000_000));
    expect(await refusalOf(path)).toMatchObject({
      code: 'too_large',
      message: `${path} has 2000000 bytes or more; a manifest may have 1048576`,
    });
  });

  it('is not read when it is too large', async () => {
    const path = write('');
    truncateSync(path, 2 ** 33);
    expect((await refusalOf(path)).code).toBe('too_large');
  });

  it('that is missing is named', async () => {
    const path = join(folder, 'none.yaml');
    expect(await refusalOf(path)).toMatchObject({ code: 'not_found', message: `${path} cannot be read` });
  });

  it('that is a folder is refused', async () =>
    expect(await refusalOf(folder)).toMatchObject({ code: 'invalid', message: `${folder} is not a file` }));
});
