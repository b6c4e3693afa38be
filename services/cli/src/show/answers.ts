import type { CapacityView, MoveProposal, ReplayView, RuleTest, WhyNotView } from '@innkeeper/model';
import { bold, dim, green, plain, red } from './style.ts';
import { table } from './table.ts';

export const whyNotText = ({ workload, host, answers }: WhyNotView): string =>
  answers.map(({ driver, text }) => `${bold(`${workload} on ${host}/${driver}`)}: ${plain(text)}`).join('\n');

export const capacityText = ({ count, more, hosts, stop }: CapacityView): string => {
  const head = `${bold(more ? `at least ${count}` : String(count))} more would fit; the next one: ${plain(stop)}`;
  if (hosts.length === 0) return head;
  const rows = table(
    [
      { title: 'HOST', value: ({ host }: CapacityView['hosts'][number]) => host },
      { title: 'MORE', value: (one) => String(one.count), right: true },
      { title: 'WHAT STOPS THE NEXT ONE', value: (one) => one.stop },
    ],
    hosts,
  );
  return `${head}\n${rows}`;
};

export const movesText = (moves: readonly MoveProposal[]): string => {
  if (moves.length === 0) return 'nothing to propose: no single move would make the hosts noticeably evener';
  const lines = moves.map(
    ({ text, before, after }, at) => `${at + 1}. ${plain(text)}  ${dim(`unevenness ${before} → ${after}`)}`,
  );
  return [...lines, dim('proposals only: nothing is moved')].join('\n');
};

export const replayText = ({ same, differences, rules, record }: ReplayView): string =>
  same
    ? `${green('✓')} the same decision with the ${rules} rules: ${plain(record.reason)}`
    : [
        `${red('✗')} another decision with the ${rules} rules:`,
        ...differences.map((line) => `    ${plain(line)}`),
      ].join('\n');

export const ruleTestText = ({ valid, problem, lines }: RuleTest): string => {
  if (!valid) return `${red('✗')} ${plain(problem ?? 'is not valid')}`;
  if (lines.length === 0) return `${green('✓')} is valid; there is no workload to try it on`;
  return [
    `${green('✓')} is valid; on what there is:`,
    ...lines.map(
      ({ workload, candidate, holds, text }) =>
        `  ${holds ? '•' : dim('·')} ${plain(workload)} on ${plain(candidate)}: ${plain(text)}`,
    ),
  ].join('\n');
};
