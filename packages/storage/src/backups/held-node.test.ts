import { describe, expect, it } from 'vitest';
import { heldNodes, unquoted } from './held-node.ts';
import { bytesOf } from './tar.ts';

describe('a name as restic keeps it', () => {
  it.each([
    ['plain', 'plain'],
    ['a \\"b\\"', 'a "b"'],
    ["it's *", "it's *"],
    ['back\\\\slash\\\\n', 'back\\slash\\n'],
    ['\\a\\b\\f\\n\\r\\t\\v', '\x07\b\f\n\r\t\v'],
    ['größe', bytesOf('größe')],
    ['\\u200b\\U000e0001', bytesOf('\u200b\u{e0001}')],
    ['\\xff', '\xff'],
  ])('%j is %j', (kept, name) => expect(unquoted(kept)).toBe(name));
});

describe('a folder as restic keeps it', () => {
  const one = (parts: object) => heldNodes(JSON.stringify({ nodes: [{ name: 'x', type: 'file', ...parts }] }))[0];

  it('tells files, folders and links, with modes as chmod takes them', () => {
    expect(one({ mode: 0o755 + 2 ** 23, size: 7, mtime: '2026-11-27T04:54:05.6691275Z', uid: 33 })).toMatchObject({
      kind: 'file',
      mode: 0o4755,
      size: 7,
      uid: 33,
      modified: Date.parse('2026-11-27T04:54:05Z') / 1000,
    });
    expect(one({ type: 'symlink', linktarget: 'größe' })).toMatchObject({ kind: 'link', target: bytesOf('größe') });
    expect(one({ type: 'symlink', linktarget: '?', linktarget_raw: '/w==' })).toMatchObject({ target: '\xff' });
    expect(one({ type: 'fifo' })).toMatchObject({ kind: 'other', whiteout: false });
  });

  it("tells the marks of an overlay from a guest's own devices and attributes", () => {
    expect(one({ type: 'chardev' })).toMatchObject({ kind: 'other', whiteout: true });
    expect(one({ type: 'chardev', device: 259 })).toMatchObject({ whiteout: false });
    const attributes = (name: string, value: string) => ({ type: 'dir', extended_attributes: [{ name, value }] });
    expect(one(attributes('trusted.overlay.opaque', 'eQ=='))).toMatchObject({ kind: 'folder', opaque: true });
    expect(one(attributes('user.overlay.opaque', 'eQ=='))).toMatchObject({ opaque: false });
  });

  it.each(['', '{}', '{"nodes":[{"name":1}]}'])('is nothing else: %j', (text) => {
    expect(() => heldNodes(text)).toThrow('cannot be read');
  });
});
