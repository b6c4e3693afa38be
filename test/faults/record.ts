import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './cell.ts';
import { faults } from './faults.ts';
import { works } from './work.ts';

interface Entry {
  readonly fault: string;
  readonly work: string;
  readonly outcome: Outcome;
}

const file = fileURLToPath(new URL('../../docs/faults.md', import.meta.url));

const sum = (entries: readonly Entry[], count: (outcome: Outcome) => number): number =>
  entries.reduce((total, { outcome }) => total + count(outcome), 0);

const cellText = (entries: readonly Entry[]): string => {
  if (entries.length === 0) return '';
  const bad = entries.filter(({ outcome }) => !outcome.converged).length;
  const repeated = sum(entries, ({ repeated: again }) => (again ? 1 : 0));
  return bad > 0 ? `**${bad} not**` : repeated > 0 ? 'asked twice' : 'yes';
};

/** What was seen, for people: totals, and for each fault and operation whether what was asked for came to be. */
export const textOf = (entries: readonly Entry[]): string => {
  const names = works.map(({ name }) => name);
  const rows = faults.map(({ name }) => {
    const cells = names.map((work) => cellText(entries.filter((entry) => entry.fault === name && entry.work === work)));
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return `${[
    `runs ${entries.length}, converged ${sum(entries, ({ converged }) => Number(converged))}, leaks ${sum(entries, ({ leaks }) => leaks.length)}, double starts ${sum(entries, ({ doubleStarts }) => doubleStarts)}, lost acknowledgements ${sum(entries, ({ lostAcknowledgements }) => lostAcknowledgements)}`,
    '',
    `| fault | ${names.join(' | ')} |`,
    `| --- |${names.map(() => ' --- |').join('')}`,
    ...rows,
  ].join('\n')}\n`;
};

const marks = ['<!-- matrix -->\n', '<!-- end -->\n'] as const;

/** Printed, and with everything run, written into docs/faults.md between its marks. */
export const writeRecord = async (entries: readonly Entry[]): Promise<void> => {
  const text = textOf(entries);
  process.stdout.write(`\n${text}`);
  if (process.env.INNKEEPER_FAULTS !== 'all') return;
  const page = await readFile(file, 'utf8');
  const [before] = page.split(marks[0]);
  const [, after] = page.split(marks[1]);
  await writeFile(file, `${before}${marks[0]}\n${text}\n${marks[1]}${after}`);
};
