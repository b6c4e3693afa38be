import type { CandidateResult, PlacementRecord, WhyNotView } from '@innkeeper/model';
import { keyOf, leads } from './reason.ts';

const answer = (record: PlacementRecord, result: CandidateResult): string => {
  const winner = record.candidates.find(
    ({ candidate }) => record.winner !== undefined && keyOf(candidate) === keyOf(record.winner),
  );
  if (winner === result) return 'it is the place that was chosen';
  if (!result.fits) {
    const failed = result.checks.filter(({ ok }) => !ok);
    return [...new Set(failed.map(({ text }) => text))].join('; ');
  }
  if (winner === undefined) return 'it would fit';
  const ahead = leads(winner, result).map(({ points, text }) => `+${points} since ${text}`);
  const place = keyOf(winner.candidate);
  return winner.total === result.total
    ? `it fits as well as ${place}; of equals the first by name is taken`
    : `it fits, but ${place} scored ${winner.total} and this one ${result.total}: ${ahead.join(', ')}`;
};

/** Why a workload is not on a host, from the record of its decision. Undefined for a host that the decision did not know. */
export const whyNotHost = (record: PlacementRecord, host: string): WhyNotView | undefined => {
  const there = record.candidates.filter(({ candidate }) => candidate.host === host);
  if (there.length === 0) return undefined;
  const answers = there
    .map((result) => ({ driver: result.candidate.driver, text: answer(record, result) }))
    .sort((a, b) => (a.driver < b.driver ? -1 : 1));
  return { workload: record.workload, host, answers };
};
