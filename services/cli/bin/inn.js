#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const program = join(__dirname, '../dist/inn.cjs');
if (existsSync(program)) require(program).main(process.argv.slice(2));
else {
  process.stderr.write(
    `error: inn is not built yet: ${program} is missing\n  build it: npm run up, or npm ci && npm run build\n`,
  );
  process.exitCode = 1;
}
