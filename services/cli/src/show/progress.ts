import type { OperationView } from '@innkeeper/model';
import { isFinished } from '@innkeeper/model';
import { dim, green, plain, red, yellow } from './style.ts';

/** One line per operation: redrawn on a terminal, printed when it changes elsewhere. */
export interface Progress {
  update(operations: readonly OperationView[]): void;
  finish(): void;
}

const seconds = ({ createdAt, finishedAt }: OperationView): string =>
  `${Math.round((Date.parse(finishedAt ?? new Date().toISOString()) - Date.parse(createdAt)) / 100) / 10}s`;

const lineOf = (operation: OperationView): string => {
  const { kind, workload, state } = operation;
  const step = operation.steps.findLast((one) => one.state === 'running' || one.state === 'undoing');
  const doing = operation.progress ?? step?.name ?? 'waiting';
  const name = `${kind} ${workload.name}`;
  if (state === 'done') return `${green('✓')} ${name} ${dim(seconds(operation))}`;
  if (state === 'waiting') return `${yellow('…')} ${name} waits: ${plain(operation.progress ?? 'for room')}`;
  if (isFinished(state)) return `${red('✗')} ${name}: ${plain(operation.error?.detail ?? state)}`;
  return `  ${name}: ${step !== undefined && step.name !== doing ? `${step.name}, ` : ''}${plain(doing)}`;
};

const onTerminal = (): Progress => {
  let drawn = 0;
  const width = (): number => (process.stderr.columns ?? 80) - 1;
  const draw = (operations: readonly OperationView[]): void => {
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`;
    const lines = operations.map((operation) => `\u001b[2K${[...lineOf(operation)].slice(0, width() + 10).join('')}\n`);
    process.stderr.write(up + lines.join(''));
    drawn = operations.length;
  };
  return { update: draw, finish: () => undefined };
};

const asLines = (): Progress => {
  const shown = new Map<string, string>();
  const stable = (operation: OperationView): string => {
    const step = operation.steps.findLast((one) => one.state === 'running' || one.state === 'undoing');
    return isFinished(operation.state) || operation.state === 'waiting'
      ? lineOf(operation)
      : `  ${operation.kind} ${operation.workload.name}: ${step?.name ?? 'waiting'}`;
  };
  return {
    update: (operations) => {
      for (const operation of operations) {
        const line = stable(operation);
        if (shown.get(operation.id) === line) continue;
        shown.set(operation.id, line);
        process.stderr.write(`${line}\n`);
      }
    },
    finish: () => undefined,
  };
};

export const progress = (): Progress => (process.stderr.isTTY === true ? onTerminal() : asLines());
