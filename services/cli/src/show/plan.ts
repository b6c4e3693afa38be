import { type ManifestPlan, nearMissText, type WorkloadPlan } from '@innkeeper/model';
import { candidateText } from './placement.ts';
import { bold, dim, green, plain, red, yellow } from './style.ts';

const signs = {
  create: green('+'),
  change: yellow('~'),
  none: dim('='),
  wait: yellow('…'),
  impossible: red('✗'),
} as const;

const shown = (value: unknown): string => (value === undefined ? '(default)' : plain(JSON.stringify(value)));

const sentence = ({ name, action, problem, placement }: WorkloadPlan): string => {
  if (action === 'none') return 'is as described';
  if (action === 'wait') return `waits: ${nearMissText(placement?.waitsFor ?? 'fits nowhere')}`;
  return (problem?.detail ?? placement?.reason ?? '').replace(`${name} `, '');
};

const workloadLines = (entry: WorkloadPlan): string[] => [
  `${signs[entry.action]} ${bold(plain(entry.name))} ${plain(sentence(entry))}`,
  ...(entry.action === 'impossible' && entry.problem?.hint !== undefined ? [`    → ${plain(entry.problem.hint)}`] : []),
  ...entry.changes.map(
    ({ field, from, to, cost }) => `    ${plain(field)}: ${shown(from)} → ${shown(to)}  ${dim(`(${cost})`)}`,
  ),
  ...(entry.action === 'none' ? [] : entry.mapping.map((line) => dim(`    ${plain(line)}`))),
  ...(entry.action === 'none' ? [] : entry.warnings.map((line) => yellow(`    ! ${plain(line)}`))),
];

/** `wide` adds every candidate with every check. */
export const planText = ({ workloads }: ManifestPlan, wide = false): string =>
  workloads
    .flatMap((entry) => [
      ...workloadLines(entry),
      ...(wide && entry.placement !== undefined ? [candidateText(entry.placement)] : []),
    ])
    .join('\n');

interface Obstacles {
  /** What keeps the whole manifest from being applied. */
  readonly first: WorkloadPlan | undefined;
  /** Names of those that are applied without. */
  readonly leftOut: readonly string[];
}

/** `fitting` leaves out what has room nowhere, unless nothing would be left; a conflict is never left out. */
export const obstaclesOf = ({ workloads }: ManifestPlan, fitting: boolean): Obstacles => {
  const impossible = workloads.filter(({ action }) => action === 'impossible');
  const homeless = impossible.filter(({ problem }) => problem?.code === 'unplaceable');
  if (!fitting || homeless.length === workloads.length) return { first: impossible[0], leftOut: [] };
  return {
    first: impossible.find((one) => !homeless.includes(one)),
    leftOut: homeless.map(({ name }) => name),
  };
};
