#!/usr/bin/env node
/**
 * Types what script.js says into a real installation of its own and writes docs/tour.md: every line with what it printed.
 * Root, libvirt, KVM or emulation; about ten minutes under emulation.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { chapters } from './script.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const host = localHost('tour');
const folder = mkdtempSync(`${tmpdir()}/innkeeper-test-tour-`);
/** Of a long text this many lines are shown from both ends. */
const edge = 14;
const usualPatienceMs = 120_000;
const env = {
  PATH: `${folder}/bin:${process.env.PATH}`,
  HOME: folder,
  LANG: 'C.UTF-8',
  INNKEEPER_PREFIX: '/tmp/innkeeper-test-tour',
  INNKEEPER_LISTEN: 'off',
  INNKEEPER_ACCELERATION: process.env.INNKEEPER_ACCELERATION ?? 'auto',
  INNKEEPER_DRIVERS: '@innkeeper/drivers,@innkeeper/driver-lxc-tools',
  INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
};

/** Stands for the character that begins what a terminal does not show. */
const mark = '␛';

/** What a terminal shows in the end: lines are written over, and the cursor moves up. */
const shown = (/** @type {string} */ text) => {
  /** @type {string[]} */
  const lines = [];
  let [row, column] = [0, 0];
  for (const [word] of text.replaceAll('\x1b', mark).matchAll(/␛\[[0-9;?]*[A-Za-z]|␛.|[\r\n]|[^␛\r\n]+/g)) {
    const line = lines[row] ?? '';
    const up = /^␛\[(\d*)A$/.exec(word);
    if (word === '\n') row += 1;
    else if (word === '\r') column = 0;
    else if (up !== null) row = Math.max(0, row - Number(up[1] || 1));
    else if (word === '␛[2K') lines[row] = '';
    else if (!word.startsWith(mark)) {
      lines[row] = line.slice(0, column).padEnd(column) + word + line.slice(column + word.length);
      column += word.length;
    }
    if (word === '\n') column = 0;
  }
  const all = Array.from(lines, (line = '') => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .split('\n');
  const left = all.length - 2 * edge;
  return left <= 1 ? all.join('\n') : [...all.slice(0, edge), `[… ${left} lines]`, ...all.slice(-edge)].join('\n');
};

/** Runs a line in a terminal of its own, and types what it is told to. @param {import('./script.js').Line} line */
const perform = async (line) => {
  const { run, as = run, answers = [], patienceMs = usualPatienceMs } = typeof line === 'string' ? { run: line } : line;
  const program = host.spawn(['bash', '-c', run], { cwd: folder, env, tty: { cols: 120, rows: 40 } });
  let [text, from, next] = ['', 0, 0];
  program.stdout.on('data', (/** @type {Buffer} */ chunk) => {
    text += chunk.toString('utf8');
    const answer = answers[next];
    if (answer === undefined || !answer.after.test(text.slice(from))) return;
    next += 1;
    from = text.length;
    program.stdin.write(answer.type);
  });
  const late = setTimeout(() => program.kill('SIGKILL'), patienceMs);
  await program.exit;
  clearTimeout(late);
  process.stdout.write(`$ ${as}\n${shown(text)}\n`);
  return `$ ${as}\n${shown(text)}`.trim();
};

const setUp = (/** @type {string[]} */ ...words) =>
  host.run([process.execPath, `${root}/infra/bin/up.js`, ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    timeoutMs: 900_000,
  });

const record = async () => {
  const parts = [];
  for (const { title, lines } of chapters) {
    const said = [];
    for (const line of lines) said.push(await perform(line));
    parts.push(`## ${title}\n\n\`\`\`console\n${said.join('\n\n')}\n\`\`\`\n`);
  }
  return parts.join('\n');
};

try {
  await setUp('down', '--purge', '--yes');
  await setUp('up', '--yes', '--no-lab');
  await host.run(['mkdir', `${folder}/bin`]);
  await host.run(['ln', '-s', `${root}/inn`, `${folder}/bin/inn`]);
  const text = await record();
  writeFileSync(
    `${root}/docs/tour.md`,
    `# A tour of the command\n\nEvery line below was typed by \`npm run tour\` and printed this, on one machine, virtual machines under software emulation.\n\n${text}`,
  );
} finally {
  await setUp('down', '--purge', '--yes');
  rmSync(folder, { recursive: true, force: true });
}
