/** States of a workload as people see it, and what may be asked in each: one table for API, command, page and docs. */
export const workloadStates = [
  'pending',
  'waiting',
  'creating',
  'running',
  'stopped',
  'paused',
  'failed',
  'missing',
  'unknown',
  'removing',
] as const;
export type WorkloadState = (typeof workloadStates)[number];

export const stateMeaning: Readonly<Record<WorkloadState, string>> = {
  pending: 'accepted; nothing has been done on a host yet',
  waiting: 'fits nowhere now; tried again when something changes',
  creating: 'being placed and made',
  running: 'its guest runs',
  stopped: 'its guest exists and does not run',
  paused: 'its guest is frozen',
  failed: 'the last operation failed and was undone; see the error, then apply again',
  missing: 'it was made, and its guest is gone from the host',
  unknown: 'its host has not answered; the guest may be running',
  removing: 'its guest is being removed',
};

export const workloadActions = [
  'start',
  'stop',
  'restart',
  'pause',
  'resume',
  'exec',
  'files',
  'console',
  'screen',
  'rename',
  'clone',
  'snapshot',
  'restore',
  'change-snapshot',
  'remove-snapshot',
  'backup',
  'remove',
] as const;
export type WorkloadAction = (typeof workloadActions)[number];

const legal: Readonly<Record<WorkloadAction, readonly WorkloadState[]>> = {
  start: ['stopped', 'paused', 'running'],
  stop: ['running', 'paused', 'stopped'],
  restart: ['running', 'paused', 'stopped'],
  pause: ['running', 'paused'],
  resume: ['paused', 'running'],
  exec: ['running'],
  files: ['running', 'stopped'],
  console: ['running', 'stopped'],
  screen: ['running'],
  rename: ['stopped', 'failed'],
  clone: ['running', 'paused', 'stopped'],
  snapshot: ['running', 'paused', 'stopped'],
  restore: ['running', 'paused', 'stopped'],
  'change-snapshot': ['running', 'paused', 'stopped'],
  'remove-snapshot': ['running', 'paused', 'stopped'],
  backup: ['running', 'paused', 'stopped'],
  remove: workloadStates,
};

/** Undefined when the action is possible; else the reason, for an error or a disabled button. */
export const whyNot = (action: WorkloadAction, state: WorkloadState): string | undefined =>
  legal[action].includes(state)
    ? undefined
    : `${action} is not possible while the workload is ${state} (${stateMeaning[state]}); it is possible when ${legal[action].join(' or ')}`;

export const operationStates = ['queued', 'waiting', 'running', 'undoing', 'done', 'failed', 'cancelled'] as const;
export type OperationState = (typeof operationStates)[number];

export const isFinished = (state: OperationState): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled';

export const stepStates = ['pending', 'running', 'done', 'undoing', 'undone', 'failed'] as const;
export type StepState = (typeof stepStates)[number];
