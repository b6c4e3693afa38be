import type { CandidateResult, PlacementRecord, RuleOutcome } from '@innkeeper/model';
import { bold, dim, green, plain, red } from './style.ts';

const candidateLines = (result: CandidateResult, winner: boolean): string[] => {
  const { candidate, checks, scores, total, nearMiss } = result;
  const verdict = winner ? green('chosen') : result.fits ? 'fits, lower score' : red('does not fit');
  return [
    `  ${bold(`${candidate.host}/${candidate.driver}`)}  ${verdict}  ${dim(`score ${total}`)}`,
    ...checks.map(({ ok, text }) => `    ${ok ? green('✓') : red('✗')} ${plain(text)}`),
    ...scores.map(({ points, text }) => `    ${dim(`${points >= 0 ? '+' : ''}${points}  ${text}`)}`),
    ...(nearMiss === undefined ? [] : [`    → ${plain(nearMiss)}`]),
  ];
};

const ruleLine = ({ id, effect, held, message, error }: RuleOutcome): string =>
  error === undefined
    ? `  • ${id} (${effect}) holds for ${held}: ${plain(message)}`
    : `  ${red('✗')} ${id} (${effect}) cannot be evaluated: ${plain(error)}`;

/** What was required, what rules said, and every candidate with every check and score. */
const detailLines = (record: PlacementRecord): string[] => {
  const { winner } = record;
  const told = record.rules.filter(({ held, error }) => held > 0 || error !== undefined);
  const isWinner = ({ candidate }: CandidateResult): boolean =>
    winner !== undefined && candidate.host === winner.host && candidate.driver === winner.driver;
  return [
    ...(record.requirements.length === 0
      ? []
      : ['requirements', ...record.requirements.map(({ text }) => `  • ${plain(text)}`)]),
    ...(told.length === 0 ? [] : ['rules', ...told.map(ruleLine)]),
    'candidates',
    ...record.candidates.flatMap((result) => candidateLines(result, isWinner(result))),
  ];
};

/** The whole decision, for a person. */
export const placementText = (record: PlacementRecord): string => {
  const sentence = record.winner === undefined ? record.reason.replace(`${record.workload} `, '') : record.reason;
  return [`${bold(plain(record.workload))} ${plain(sentence)}`, ...detailLines(record)].join('\n');
};

/** The same without its sentence, to stand below a line that says it. */
export const candidateText = (record: PlacementRecord): string =>
  detailLines(record)
    .map((line) => `    ${line}`)
    .join('\n');
