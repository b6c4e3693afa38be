import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { nameField, namePattern } from './names.ts';

describe('a name', () => {
  it.each(['a', 'wiki', 'ci-runner-2', 'a--b', `a${'b'.repeat(62)}`])('may be %j', (name) => {
    expect(nameField.parse(name)).toBe(name);
  });

  it.each([
    '',
    '1a',
    '-a',
    'a-',
    'A',
    'wIki',
    'a_b',
    'a.b',
    'a/b',
    '..',
    'a b',
    'ä',
    'a\n',
    'a\0',
    `a${'b'.repeat(63)}`,
  ])('may not be %j', (name) => expect(nameField.safeParse(name).success).toBe(false));

  it('is quoted in the refusal, shortened', () => {
    const [issue] = nameField.safeParse('X'.repeat(500)).error?.issues ?? [];
    expect(issue?.message).toContain(`"${'X'.repeat(80)}" cannot be a name`);
  });

  test.prop([fc.string()])('that is accepted is a DNS label and a file name', (text) => {
    if (!namePattern.test(text)) return;
    expect(text.length).toBeLessThanOrEqual(63);
    expect(encodeURIComponent(text)).toBe(text);
    expect(text).toBe(text.toLowerCase());
  });
});
