import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportSent, importSent } from './exported.ts';
import { ensureRepository, fetchParcel, listSent, type SentRecord, sendParcel } from './repository.ts';
import type { Repository } from './restic.ts';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-exported';
const paths = pathsUnder(folder);
const tag = 'innkeeper';

const repositoryAt = (name: string): Repository => ({
  name,
  address: `${folder}/${name}`,
  password: `password of ${name}\n`,
  variables: {},
});
const [here, there] = [repositoryAt('here'), repositoryAt('there')];

const sh = async (script: string, ...words: string[]): Promise<string> =>
  (await host.run(['sh', '-ec', script, 'sh', ...words])).stdout;

const portrait = (tree: string): Promise<string> =>
  sh(
    'cd "$1"; find . -mindepth 1 -printf "%p %y %m %U:%G %l %T@\\n" | sort; find . -type f -exec sha256sum {} + | sort',
    tree,
  );

const accepted = { tag, accept: async () => undefined };

const wholeOf = async (file: AsyncIterable<Buffer>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of file) parts.push(part);
  return Buffer.concat(parts);
};

async function* inPieces(file: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += 10_000) yield file.subarray(at, at + 10_000);
}

const leftIn = async (): Promise<string[]> => host.files.list(`${paths.state}/exports`);

let sent: readonly SentRecord[];
let file: Buffer;

beforeAll(async () => {
  await host.files.remove(folder);
  await sh(
    `mkdir -p "$1/tree/deep"; cd "$1/tree"; head -c 3000000 /dev/urandom > deep/big; echo text > "it's"; ln -s ../nowhere deep/link
    chown 70000:80000 deep/big; chmod 4755 deep/big; mkdir -p "$1/other"; echo other > "$1/other/file"`,
    folder,
  );
  await ensureRepository(host, paths, here);
  await ensureRepository(host, paths, there);
  const at = new Date('2026-11-27T10:00:00Z');
  for (const [name, tags] of [
    ['tree', [tag, 'backup:one']],
    ['other', ['of somebody else']],
  ] as const)
    await sendParcel(host, paths, here, { entries: ['.'], tags, of: 'web', at }, { cwd: `${folder}/${name}` });
  sent = await listSent(host, paths, here, ['backup:one']);
  file = await wholeOf(await exportSent(host, paths, here, { sent, tag }));
});

afterAll(() => host.files.remove(folder));

describe('a backup that was exported', () => {
  it('holds what was asked for, and is brought in whole where the repository that it was in is gone', async () => {
    await sh('mv "$1/here" "$1/gone"', folder);
    const seen: (readonly string[])[] = [];
    const accept = async (held: readonly { readonly tags: readonly string[] }[]): Promise<void> => {
      seen.push(...held.map(({ tags }) => tags));
    };
    await importSent(host, paths, there, inPieces(file), { tag, accept });
    expect(seen).toEqual([[tag, 'backup:one']]);
    const all = await listSent(host, paths, there, [tag]);
    expect(all.map(({ tags }) => tags)).toEqual([[tag, 'backup:one']]);
    const back = `${folder}/back`;
    await host.files.makeDirectory(back, 0o755);
    await fetchParcel(host, paths, there, all[0]?.snapshot ?? '', { cwd: back });
    expect(await portrait(back)).toBe(await portrait(`${folder}/tree`));
    expect(await leftIn()).toEqual([]);
    await sh('mv "$1/gone" "$1/here"', folder);
  });

  it('is there once, however often it is brought in', async () => {
    await importSent(host, paths, there, inPieces(file), accepted);
    expect(await listSent(host, paths, there, [tag])).toHaveLength(1);
  });

  it('leaves nothing beside the state when whoever asked for it goes in the middle', async () => {
    for await (const part of await exportSent(host, paths, here, { sent, tag })) if (part.length > 0) break;
    expect(await leftIn()).toEqual([]);
  });

  it('is not begun of what the repository does not have', async () => {
    const lost = sent.map((one) => ({ ...one, snapshot: '0'.repeat(64), tree: '1'.repeat(64) }));
    await expect(exportSent(host, paths, here, { sent: lost, tag })).rejects.toMatchObject({ code: 'not_found' });
    expect(await leftIn()).toEqual([]);
  });
});

const member = (path: string, text: string, kind: 'file' | 'link' = 'file'): Buffer => {
  const body = Buffer.from(kind === 'file' ? text : '');
  const header = { path, kind, mode: 0o644, uid: 0, gid: 0, size: body.length, modified: 0 } as const;
  return Buffer.concat([
    tarHeader(kind === 'link' ? { ...header, target: text } : header),
    body,
    tarPadding(body.length),
  ]);
};

const config = member('repository/config', 'none');
const password = member('password', 'words');

describe('what is no exported backup', () => {
  it.each<[string, () => Buffer, RegExp]>([
    ['that is cut off', () => file.subarray(0, file.length / 2), /no archive that is whole/],
    ['that is empty', () => Buffer.alloc(0), /no archive that is whole/],
    ['that is no archive', () => Buffer.alloc(10_000, 'text'), /no archive that is whole/],
    ['without a password', () => Buffer.concat([config, tarEnd()]), /password is missing/],
    ['without a repository', () => Buffer.concat([password, tarEnd()]), /repository\/config is missing/],
    ['with a name that leads out', () => Buffer.concat([member('../out', ''), tarEnd()]), /holds \.\.\/out/],
    ['with an absolute name', () => Buffer.concat([member('/tmp/out', ''), tarEnd()]), /holds \/tmp\/out/],
    ['with a link', () => Buffer.concat([member('repository/config', '/etc', 'link'), tarEnd()]), /holds repository/],
    ['with a name twice', () => Buffer.concat([config, config, tarEnd()]), /twice/],
    ['with a long password', () => Buffer.concat([member('password', 'x'.repeat(300)), tarEnd()]), /too long/],
    ['whose repository is none', () => Buffer.concat([password, config, tarEnd()]), /cannot be read/],
  ])('is a file %s: it is refused, and nothing is left', async (_, made, says) => {
    await expect(importSent(host, paths, there, inPieces(made()), accepted)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(says),
    });
    expect(await leftIn()).toEqual([]);
    expect(await listSent(host, paths, there, [tag])).toHaveLength(1);
  });

  it('is one of which a byte has changed', async () => {
    const changed = Buffer.from(file);
    const at = file.indexOf('repository/data/');
    // In the middle of the first pack of data that has something in it.
    changed[at + 2048] = (changed[at + 2048] ?? 0) ^ 0xff;
    await sh('rm -r "$1/there"', folder);
    await ensureRepository(host, paths, there);
    await expect(importSent(host, paths, there, inPieces(changed), accepted)).rejects.toThrow();
    expect(await listSent(host, paths, there, [tag])).toEqual([]);
  });

  it('is one that whoever asked does not accept', async () => {
    const refused = async (): Promise<void> => {
      throw new Error('not this one');
    };
    await expect(importSent(host, paths, there, inPieces(file), { tag, accept: refused })).rejects.toThrow('not this');
    expect(await leftIn()).toEqual([]);
    expect(await listSent(host, paths, there, [tag])).toEqual([]);
  });
});
