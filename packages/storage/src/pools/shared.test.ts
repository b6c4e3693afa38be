import { expect, test } from 'vitest';
import { parseUse } from './shared.ts';

test('what btrfs says of trees is read line by line, whatever their names', () => {
  const text = [
    '     Total   Exclusive  Set shared  Filename',
    '  10452992           0    10452992  /mnt/fast/roots/one/own/upper',
    '      4096        4096           -  /mnt/fast/with two  words',
    'ERROR: cannot check space of something',
    '',
  ].join('\n');
  expect([...parseUse(text)]).toEqual([
    ['/mnt/fast/roots/one/own/upper', { total: 10_452_992, exclusive: 0 }],
    ['/mnt/fast/with two  words', { total: 4096, exclusive: 4096 }],
  ]);
});
