import type { ManifestPlan, WorkloadPlan } from '@innkeeper/model';
import { bold, dim, green, red, yellow } from './style.ts';

const signs = { create: green('+'), change: yellow('~'), none: dim('='), impossible: red('✗') } as const;

const shown = (value: unknown): string => (value === undefined ? '(default)' : JSON.stringify(value));

const workloadLines = (plan: WorkloadPlan): string[] => [
  `${signs[plan.action]} ${bold(plan.name)} ${plan.action === 'none' ? 'is as described' : (plan.problem?.detail ?? plan.placement?.reason ?? '')}`,
  ...(plan.action === 'impossible' && plan.problem?.hint !== undefined ? [`    → ${plan.problem.hint}`] : []),
  ...plan.changes.map(({ field, from, to, cost }) => `    ${field}: ${shown(from)} → ${shown(to)}  ${dim(`(${cost})`)}`),
  ...(plan.action === 'none' ? [] : plan.mapping.map((line) => dim(`    ${line}`))),
  ...(plan.action === 'none' ? [] : plan.warnings.map((line) => yellow(`    ! ${line}`))),
];

export const planText = ({ workloads }: ManifestPlan): string => workloads.flatMap(workloadLines).join('\n');
