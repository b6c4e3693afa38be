import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bytesOf, readTar, type TarEntry, tarEnd, tarHeader, tarPadding, textOf } from './tar.ts';

async function* pieces(whole: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

interface Given {
  readonly entry: TarEntry;
  readonly body: Buffer;
}

const archive = (all: readonly Given[]): Buffer =>
  Buffer.concat([...all.flatMap(({ entry, body }) => [tarHeader(entry), body, tarPadding(body.length)]), tarEnd()]);

const read = async (whole: Buffer, size = 100): Promise<Given[]> => {
  const found: Given[] = [];
  for await (const { entry, body } of readTar(pieces(whole, size))) {
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part);
    const { attributes: _, ...rest } = entry;
    found.push({ entry: rest, body: Buffer.concat(parts) });
  }
  return found;
};

const names = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 300 })
  .map((bytes) => String.fromCharCode(...bytes).replace(/\/+$/, '') || 'x');
const givens = fc
  .record({
    path: names,
    target: names,
    body: fc.uint8Array({ maxLength: 1500 }),
    kind: fc.integer({ max: 2, min: 0 }),
  })
  .chain(({ path, target, body, kind }) =>
    fc
      .record({
        mode: fc.integer({ min: 0, max: 0o7777 }),
        uid: fc.integer({ min: 0, max: 2 ** 31 }),
        gid: fc.integer({ min: 0, max: 2 ** 31 }),
        modified: fc.integer({ min: 0, max: 2 ** 32 }),
      })
      .map((rest): Given => {
        const bytes = Buffer.from(kind === 0 ? body : []);
        const entry = {
          path,
          ...rest,
          size: bytes.length,
          kind: (['file', 'folder', 'link'] as const)[kind] ?? 'file',
        };
        return { entry: { ...entry, target: kind === 2 ? target : '' }, body: bytes };
      }),
  );

describe('an archive', () => {
  test.prop([fc.array(givens, { maxLength: 4 }), fc.integer({ min: 1, max: 2000 })], { numRuns: 60 })(
    'gives back what was put into it, in pieces of any size',
    async (all, size) => {
      expect(await read(archive(all), size)).toEqual(all);
    },
  );

  it('whose files nobody reads is read on after them', async () => {
    const entry = { path: 'a', kind: 'file', mode: 0o644, uid: 0, gid: 0, modified: 0, size: 700 } as const;
    const body = Buffer.alloc(700, 'x');
    const whole = archive([
      { entry, body },
      { entry: { ...entry, path: 'b' }, body },
    ]);
    const found: string[] = [];
    for await (const member of readTar(pieces(whole, 300))) found.push(member.entry.path);
    expect(found).toEqual(['a', 'b']);
  });

  it.each([0, 100, 512, 1000, 1300])('that ends after %i bytes is not taken for a whole one', async (length) => {
    const entry = { path: 'a', kind: 'file', mode: 0o644, uid: 0, gid: 0, modified: 0, size: 700 } as const;
    const whole = archive([{ entry, body: Buffer.alloc(700) }]);
    await expect(read(whole.subarray(0, length))).rejects.toMatchObject({ code: 'host_error' });
  });
});

describe('bytes as text', () => {
  test.prop([fc.string({ unit: 'grapheme' })])('are the same text again', (text) => {
    expect(textOf(bytesOf(text))).toBe(text);
  });
});
