import { completeSpec, type PlacementRecord, type WorkloadSpec } from '@innkeeper/model';
import { decide, type Snapshot, whyNotHost, withPlaced } from '@innkeeper/placement';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { homelab } from './labs/homelab.ts';
import { lab } from './labs/lab.ts';
import { large } from './labs/large.ts';
import type { Lab } from './labs/parts.ts';

const mostLosers = 3;

const asked = ({ image, ...rest }: WorkloadSpec): string => {
  const others = stringify(rest, { collectionStyle: 'flow', lineWidth: 0, aliasDuplicateObjects: false })
    .trim()
    .slice(2, -2);
  return others === '' ? image : `${image} (${others})`;
};

const whyNot = (record: PlacementRecord, host: string, driver: string): string =>
  whyNotHost(record, host)?.answers.find((answer) => answer.driver === driver)?.text ?? 'nobody knows';

const failuresOf = ({ checks }: PlacementRecord['candidates'][number]): number => checks.filter(({ ok }) => !ok).length;

/** Those that failed least first; of those that would fit, the best. */
const losersOf = ({ candidates, winner }: PlacementRecord) =>
  candidates
    .filter(({ candidate: { host, driver } }) => host !== winner?.host || driver !== winner.driver)
    .sort((a, b) => failuresOf(a) - failuresOf(b))
    .slice(0, mostLosers)
    .map(({ candidate }) => candidate);

const blockOf = (record: PlacementRecord, spec: WorkloadSpec): string => {
  const { workload, winner, reason, waitsFor, candidates } = record;
  const losers = losersOf(record);
  const more = candidates.length - losers.length - (winner === undefined ? 0 : 1);
  return [
    `${workload} asks for ${asked(spec)}`,
    winner === undefined ? `  ✗ ${reason}` : `  ✓ ${winner.host}/${winner.driver}: ${reason}`,
    ...(winner !== undefined ? [] : [waitsFor === undefined ? '  no use in waiting' : `  waits: ${waitsFor}`]),
    ...losers.map(({ host, driver }) => `  - not ${host}/${driver}: ${whyNot(record, host, driver)}`),
    ...(more > 0 ? [`  - and ${more} more`] : []),
  ].join('\n');
};

const logOf = ({ about, hosts, workloads, rules, requests }: Lab): string => {
  let now: Snapshot = { hosts, workloads, rules };
  const blocks = Object.entries(requests).map(([name, spec]) => {
    const request = { name, spec: completeSpec(spec) };
    const record = decide(now, request);
    if (record.winner !== undefined) now = withPlaced(now, request, record.winner);
    return blockOf(record, spec);
  });
  return `${[`# ${about}`, ...blocks].join('\n\n')}\n`;
};

describe('the log of decisions', () => {
  it.each(Object.entries({ homelab, lab, large }))('of %s is the one that was reviewed', async (name, one) => {
    await expect(logOf(one)).toMatchFileSnapshot(`golden/${name}.txt`);
  });
});
