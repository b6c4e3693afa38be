#!/usr/bin/env node
/** `npm run -s bench -- NAME --json`: progress on standard error, one JSON object as the last line of standard output. */
const benches = { create: './create.js' };

const [name, ...flags] = process.argv.slice(2);
if (name === undefined || !(name in benches) || flags.some((flag) => flag !== '--json')) {
  process.stderr.write(`usage: npm run -s bench -- NAME [--json]\nnames: ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const { bench } = await import(benches[/** @type {keyof typeof benches} */ (name)]);
const result = await bench((/** @type {string} */ text) => process.stderr.write(`${text}\n`));
if (flags.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  for (const [key, value] of Object.entries(result.metrics)) {
    const goal = result.goals[key];
    const verdict =
      goal === undefined || value === null
        ? ''
        : value <= goal.most
          ? `goal ≤ ${goal.most}: met`
          : `goal ≤ ${goal.most}: MISSED`;
    process.stdout.write(
      `${key.padEnd(24)} ${String(value === null ? `– (${result.notes[key]})` : Math.round(value * 100) / 100).padStart(10)}  ${verdict}\n`,
    );
  }
}
