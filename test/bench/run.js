#!/usr/bin/env node
/** `npm run -s bench -- NAME --json`: progress on standard error, one JSON object as the last line of standard output. */
const benches = {
  beside: './beside.js',
  clone: './clone.js',
  create: './create.js',
  exec: './exec.js',
  observe: './observe.js',
  operations: './operations.js',
  placement: './placement.js',
  thousand: './thousand.js',
};

/** Key, value, goal and verdict. @param {string} key @param {number | null} value */
const line = (key, value) => {
  const text = value === null ? `– (${result.notes?.[key]})` : String(Math.round(value * 100) / 100);
  const goal = result.goals?.[key];
  if (goal === undefined || value === null) return `${key.padEnd(24)} ${text.padStart(10)}`;
  const met = value <= (goal.most ?? Infinity) && value >= (goal.least ?? -Infinity);
  const bound = goal.most === undefined ? `≥ ${goal.least}` : `≤ ${goal.most}`;
  return `${key.padEnd(24)} ${text.padStart(10)}  goal ${bound}: ${met ? 'met' : 'MISSED'}`;
};

const [name, ...flags] = process.argv.slice(2);
if (name === undefined || !(name in benches) || flags.some((flag) => flag !== '--json')) {
  process.stderr.write(`usage: npm run -s bench -- NAME [--json]\nnames: ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const { bench } = await import(benches[/** @type {keyof typeof benches} */ (name)]);
const result = await bench((/** @type {string} */ text) => process.stderr.write(`${text}\n`));
if (flags.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
else for (const [key, value] of Object.entries(result.metrics)) process.stdout.write(`${line(key, value)}\n`);
