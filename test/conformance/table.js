/**
 * A reporter for vitest that writes docs/conformance.md: every case for every driver, and what each driver declares, with
 * its evidence or its reason. `npm run conformance` runs the suites with it.
 */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

/** @typedef {import('./suite.ts').ConformanceMeta & { state: string }} Row */

/** Without the name of the tests' own installation. */
const cell = (/** @type {unknown} */ text) =>
  String(text).replaceAll('|', '\\|').replaceAll('-tmp-innkeeper-test-conformance', '').replace(/\s+/g, ' ');

const line = (/** @type {readonly unknown[]} */ cells) => `| ${cells.map(cell).join(' | ')} |`;

const table = (/** @type {readonly string[]} */ head, /** @type {readonly (readonly unknown[])[]} */ rows) =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

const outcome = (/** @type {Row | undefined} */ row) => {
  if (row === undefined || row.state === 'skipped') return 'not run';
  if (row.state !== 'passed') return '**fails**';
  return row.declared ? 'passes' : 'says unsupported';
};

const fact = (/** @type {import('@innkeeper/model').Capability | undefined} */ capability) => {
  if (capability === undefined) return 'no: not offered';
  if (capability.value === false) return `no: ${capability.reasonIfAbsent ?? capability.evidence}`;
  const value = capability.value === true ? 'yes' : [capability.value].flat().join(', ');
  return `${value}: ${capability.evidence}`;
};

const systemName = async () =>
  /^PRETTY_NAME="?([^"\n]*)/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1] ?? 'Linux';

const page = (/** @type {readonly Row[]} */ rows, /** @type {string} */ system) => {
  const drivers = [...new Set(rows.map(({ driver }) => driver))];
  const titles = [...new Set(rows.map(({ title }) => title))];
  const reports = drivers.map((driver) => rows.find((row) => row.driver === driver)?.report);
  const names = [...new Set(reports.flatMap((report) => Object.keys(report?.capabilities ?? {})))].sort();
  const versions = drivers.map(
    (driver, at) =>
      `${driver} (${Object.entries(reports[at]?.versions ?? {})
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')})`,
  );
  const cases = titles.map((title) => [
    title,
    ...drivers.map((driver) => outcome(rows.find((row) => row.driver === driver && row.title === title))),
  ]);
  const capabilities = names.map((name) => [
    `\`${name}\``,
    ...reports.map((report) => fact(report?.capabilities[/** @type {'exec'} */ (name)])),
  ]);
  const kernel = /^\d+\.\d+/.exec(release())?.[0];
  const acceleration = reports[drivers.indexOf('kvm')]?.capabilities.acceleration?.value ?? 'unproven';
  return `# Conformance

Written by \`npm run conformance\` on ${system}, Linux ${kernel}: ${versions.join('; ')}.
Real backends, real guests; virtual machines under ${acceleration}. Each case makes guests of its own beside one that is not ours,
repeats or interrupts what it does, and leaves nothing. What a driver does not declare has to be absent, or refused with its reason.

## Cases

${table(['case', ...drivers], cases)}

## Capabilities

What each driver says of this host, and from what it concluded that.

${table(['capability', ...drivers], capabilities)}
`;
};

export default class ConformanceTable {
  /** @type {Row[]} */
  rows = [];

  onTestCaseResult(/** @type {import('vitest/node').TestCase} */ test) {
    const { conformance } = test.meta();
    if (conformance !== undefined) this.rows.push({ ...conformance, state: test.result().state });
  }

  async onTestRunEnd() {
    if (this.rows.length === 0) return;
    writeFileSync(new URL('../../docs/conformance.md', import.meta.url), page(this.rows, await systemName()));
  }
}
