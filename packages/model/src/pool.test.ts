import { expect, test } from 'vitest';
import { newPool } from './pool.ts';

test.each(['/mnt/fast', '/srv/guests-2/a_b.c'])('%s can be a pool', (path) =>
  expect(newPool.safeParse({ name: 'fast', path }).success).toBe(true),
);

// Options of an overlay end at commas and colons; what else is special somewhere is not worth its escapes.
test.each([
  '/',
  'mnt/fast',
  '/mnt/fast/',
  '/mnt//fast',
  '/mnt/../etc',
  '/mnt/.hidden',
  '/mnt/a,b',
  '/mnt/a:b',
  '/mnt/a b',
  '/mnt/a\nb',
  '/mnt/"',
  '/mnt/\\',
  '/mnt/ä',
  '/mnt/$(x)',
])('%j cannot be a pool', (path) => expect(newPool.safeParse({ name: 'fast', path }).success).toBe(false));

test.each(['default', 'Fast', '../fast', 'a/b', ''])('no pool is called %j', (name) =>
  expect(newPool.safeParse({ name, path: '/mnt/fast' }).success).toBe(false),
);
