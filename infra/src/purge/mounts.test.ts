import { expect, test } from 'vitest';
import { mountsBelow } from './mounts.ts';

test('innermost first, and not a neighbour whose name begins alike', () => {
  const line = (point: string): string => `1 1 0:1 / ${point} rw - tmpfs t rw\n`;
  const info = ['/', '/var/lib/innkeeper/a', '/var/lib/innkeeper/a/b', '/var/lib/innkeeper-other'].map(line).join('');
  expect(mountsBelow(info, '/var/lib/innkeeper')).toEqual(['/var/lib/innkeeper/a/b', '/var/lib/innkeeper/a']);
});
