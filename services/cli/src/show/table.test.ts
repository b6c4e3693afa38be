import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { plain } from './style.ts';
import { type Column, table } from './table.ts';

type Row = readonly [string, string, string];
const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ([name]) => name },
  { title: 'CPUS', value: ([, cpus]) => cpus, right: true },
  { title: 'ADDRESS', value: ([, , address]) => address },
];

describe('a table', () => {
  it('pads each column to its widest value, numbers to the right, the last one not at all', () => {
    expect(
      table(columns, [
        ['wiki', '2', '192.168.122.50'],
        ['a-long-name', '16', '–'],
      ]),
    ).toBe(['NAME         CPUS  ADDRESS', 'wiki            2  192.168.122.50', 'a-long-name    16  –'].join('\n'));
  });

  it('without rows is its head', () => expect(table(columns, [])).toBe('NAME  CPUS  ADDRESS'));

  it('keeps one line for one row whatever a guest is called', () => {
    expect(table(columns, [['a\nb\u001b[31m', '1', 'x']]).split('\n')).toEqual([
      'NAME      CPUS  ADDRESS',
      'a?b?[31m     1  x',
    ]);
  });

  it('paints the padded text, so that colours do not move columns', () => {
    const painted = table(
      [
        { title: 'LONG TITLE', value: () => 'x', paint: (text) => `<${text}>` },
        { title: 'B', value: () => 'y' },
      ],
      [1],
    );
    expect(painted.split('\n')[1]).toBe('<x         >  y');
  });

  test.prop([fc.array(fc.tuple(fc.string(), fc.string(), fc.string()))])('has one line more than rows', (rows) => {
    expect(table(columns, rows).split('\n')).toHaveLength(rows.length + 1);
  });
});

describe('plain text', () => {
  it.each([
    ['\u001b[2J', '?[2J'],
    ['a\tb\r\n', 'a?b??'],
    ['\u0000\u0007\u007f', '???'],
    ['\u009b31m', '?31m'],
    ['Grüße – 你好 🙂', 'Grüße – 你好 🙂'],
  ])('of %j is %j', (text, shown) => expect(plain(text)).toBe(shown));

  test.prop([fc.string({ unit: 'binary' })])('has no control characters and no fewer characters', (text) => {
    expect(plain(text)).not.toMatch(/\p{Cc}/u);
    expect([...plain(text)]).toHaveLength([...text].length);
  });
});
