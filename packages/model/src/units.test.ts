import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { formatSize, formatUptime, parseDuration, parseSize, sizeField } from './units.ts';

const sizeUnits = ['B', 'kB', 'KB', 'MB', 'GB', 'TB', 'KiB', 'MiB', 'GiB', 'TiB'];

describe('sizes', () => {
  it.each([
    ['1B', 1],
    ['1kB', 1000],
    ['1KiB', 1024],
    ['500MB', 500_000_000],
    ['512MiB', 536_870_912],
    ['1.5GiB', 1_610_612_736],
    ['1 GiB', 1_073_741_824],
    ['2TiB', 2_199_023_255_552],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each([
    '',
    '1',
    '1024',
    'GiB',
    '-1GiB',
    '+1GiB',
    '1e3MiB',
    '1,5GiB',
    '1.GiB',
    '.5GiB',
    '1gib',
    '1kiB',
    '1PiB',
    ' 1GiB',
    '1GiB ',
    '1GiB\n',
    '1  GiB',
    '0x10MiB',
    '١GiB',
    '1.2345GiB',
    '9999999999999TiB',
    'constructor',
    'NaNB',
    'InfinityGiB',
  ])('%j is no size', (text) => expect(parseSize(text)).toBeUndefined());

  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1_073_741_824, '1GiB'],
    [1_500_000_000, '1.4GiB'],
    [2 ** 50, '1024TiB'],
  ])('%d bytes are shown as %s', (bytes, text) => expect(formatSize(bytes)).toBe(text));

  it('never shows 1024 of a unit that has a larger one', () => {
    expect(formatSize(2 ** 20 - 1)).toBe('1MiB');
    expect(formatSize(2 ** 30 - 1)).toBe('1GiB');
  });

  test.prop([fc.integer({ min: 0, max: 2 ** 52 })])(
    'what is shown can be read again and is near what it was',
    (bytes) => {
      const read = parseSize(formatSize(bytes));
      expect(read).toBeDefined();
      expect(Math.abs((read ?? 0) - bytes)).toBeLessThanOrEqual(bytes * 0.05);
    },
  );

  test.prop([fc.integer({ min: 1, max: 1023 }), fc.constantFrom('B', 'KiB', 'MiB', 'GiB', 'TiB')])(
    'a whole number of a binary unit survives reading and showing',
    (count, unit) => {
      expect(formatSize(parseSize(`${count}${unit}`) ?? -1)).toBe(`${count}${unit}`);
    },
  );

  test.prop([fc.string()])('any text gives a safe number of bytes or nothing', (text) => {
    const bytes = parseSize(text);
    expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
  });

  test.prop([fc.nat(), fc.string().filter((unit) => !sizeUnits.includes(unit.trim()) && !/^[\d.]/.test(unit))])(
    'a number with another unit is no size',
    (count, unit) => {
      expect(parseSize(`${count}${unit}`)).toBeUndefined();
    },
  );
});

describe('durations', () => {
  it.each([
    ['5ms', 5],
    ['30s', 30_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('%s is %d milliseconds', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  it.each(['', '5', 's', '-5s', '1.5h', '5 s', '5S', '5w', '5s\n', '1h30m', '1234567890s', 'toString'])(
    '%j is no duration',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  it.each([
    [-3, '0s'],
    [59.9, '59s'],
    [60, '1m0s'],
    [3600, '1h0m'],
    [3700, '1h1m'],
    [86_400, '1d0h'],
    [200_000, '2d7h'],
  ])('%d seconds are shown as %s', (seconds, text) => expect(formatUptime(seconds)).toBe(text));

  test.prop([fc.nat(10_000_000)])('a shown time adds up to at most an hour less than it was', (seconds) => {
    const parts = formatUptime(seconds).match(/\d+[smhd]/g) ?? [];
    const sum = parts.reduce((total, part) => total + (parseDuration(part) ?? Number.NaN), 0) / 1000;
    expect(sum).toBeLessThanOrEqual(seconds);
    expect(seconds - sum).toBeLessThan(3600);
  });
});

describe('a size field', () => {
  const field = sizeField('16MiB', '1GiB', 'memory');

  it('keeps the text that the user wrote', () => expect(field.parse('1024MiB')).toBe('1024MiB'));

  it.each([
    ['15MiB', 'memory must be between 16MiB and 1GiB, not 15MiB'],
    ['1025MiB', 'memory must be between 16MiB and 1GiB, not 1025MiB'],
    ['lots', '"lots" is not a size; write a number and a unit, such as 512MiB or 2GiB'],
  ])('refuses %s and says what is right', (text, message) => {
    expect(field.safeParse(text).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
