import { describe, expect, it } from 'vitest';
import { findImage, imageField, knownImages, storedImageName } from './image.ts';

describe('the name of an image that somebody imports', () => {
  it.each(['alpine/3.20', 'my-debian', 'a', 'cloud/debian/12/x86', 'c++11/17', '9'])('may be %s', (name) => {
    expect(storedImageName.safeParse(name).success).toBe(true);
    expect(findImage(name)?.source.kind).toBe('stored');
  });

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '..',
    'a/../b',
    'a..b',
    '.a',
    'A',
    'a b',
    'a_b',
    'a%2fb',
    '-a',
    'a/b/c/d/e',
    'a'.repeat(101),
  ])('may not be %j', (name) => {
    expect(storedImageName.safeParse(name).success).toBe(false);
    expect(findImage(name)).toBeUndefined();
  });

  it.each(['debian/12', 'debian/99', 'ubuntu/24.04', 'windows/11', 'ubuntu', 'adopted'])(
    'may not be %s, which is kept for those that come with Innkeeper',
    (name) => {
      const [issue] = storedImageName.safeParse(name).error?.issues ?? [];
      expect(issue?.message).toMatch(/is kept for images that come with Innkeeper/);
    },
  );

  it('is none of those that come with Innkeeper, which a manifest can name', () => {
    for (const { name } of knownImages()) {
      expect(storedImageName.safeParse(name).success).toBe(false);
      expect(imageField.safeParse(name).success).toBe(true);
    }
    expect(imageField.safeParse('debian/99').success).toBe(false);
  });
});
