import { expect, test } from 'vitest';
import { createReporter } from './report.ts';

const written = (target: { isTerminal: boolean; hasColour: boolean }) => {
  const parts: string[] = [];
  const report = createReporter({ ...target, columns: 30, write: (part) => void parts.push(part) });
  return { report, text: () => parts.join('') };
};

test('without a terminal each step is announced once, in plain lines', () => {
  const { report, text } = written({ isTerminal: false, hasColour: false });
  report.progress('packages', 'one');
  report.progress('packages', 'two');
  report.done('packages', 'installed');
  expect(text()).toBe('… packages: one\n✓ packages: installed\n');
});

test('on a terminal progress stays on one line, cut to its width', () => {
  const { report, text } = written({ isTerminal: true, hasColour: false });
  report.progress('packages', 'a'.repeat(80));
  report.done('packages', 'installed');
  expect(text()).toBe(`\r\x1b[K… packages: ${'a'.repeat(17)}\r\x1b[K✓ packages: installed\n`);
});

test('colour only where it is wanted', () => {
  const { report, text } = written({ isTerminal: true, hasColour: true });
  report.failed('libvirt', 'no');
  expect(text()).toBe('\x1b[31m✗\x1b[0m libvirt: no\n');
});
