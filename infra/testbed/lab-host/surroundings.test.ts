import { expect, test } from 'vitest';

interface Surroundings {
  sourcesFor(suite: string, own: string | undefined, texts: readonly string[]): string[];
  debianRelease(release: string): string | undefined;
}

const { sourcesFor, debianRelease } = (await import(
  new URL('./surroundings.js', import.meta.url).href
)) as Surroundings;

test('another release comes from the archives that the building machine is set to', () => {
  const lines = '# main\ndeb [signed-by=/k.gpg] https://near.example/debian bookworm main contrib\n';
  const paragraphs =
    'Types: deb\nURIs: https://other.example/x\nSuites: stable\n\n' +
    'Types: deb\n# far away\nURIs: https://near.example/security https://far.example/s\nSuites: bookworm-security\nComponents: main\n';
  expect(sourcesFor('trixie', 'bookworm', [lines, paragraphs])).toEqual([
    'deb https://near.example/debian trixie main',
    'deb https://near.example/debian trixie-updates main',
    'deb https://near.example/security trixie-security main',
  ]);
});

test('nothing is named where nothing is set, and where the building machine is no Debian', () => {
  expect(sourcesFor('trixie', 'bookworm', [''])).toEqual([]);
  expect(sourcesFor('trixie', undefined, ['deb https://ubuntu.example noble main'])).toEqual([]);
});

test("a machine's release is told by os-release, for Debian alone", () => {
  expect(debianRelease('ID=debian\nVERSION_CODENAME=bookworm\n')).toBe('bookworm');
  expect(debianRelease('ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n')).toBeUndefined();
});
