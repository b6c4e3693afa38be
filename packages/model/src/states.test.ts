import { describe, expect, it } from 'vitest';
import { isFinished, operationStates, stateMeaning, whyNot, workloadActions, workloadStates } from './states.ts';

describe('what may be asked of a workload', () => {
  it.each([
    ['start', 'stopped'],
    ['stop', 'running'],
    ['restart', 'paused'],
    ['exec', 'running'],
    ['console', 'stopped'],
    ['files', 'stopped'],
  ] as const)('%s is possible while %s', (action, state) => expect(whyNot(action, state)).toBeUndefined());

  it('says why not, what the state means and when it is possible', () => {
    expect(whyNot('exec', 'stopped')).toBe(
      'exec is not possible while the workload is stopped (its guest exists and does not run); it is possible when running',
    );
    expect(whyNot('start', 'missing')).toContain('it is possible when stopped or paused or running');
  });

  it.each(workloadStates)('a workload that is %s can be removed', (state) => {
    expect(whyNot('remove', state)).toBeUndefined();
    expect(stateMeaning[state]).not.toBe('');
  });

  it.each(workloadActions)('%s is possible in some state', (action) => {
    expect(workloadStates.some((state) => whyNot(action, state) === undefined)).toBe(true);
  });

  it('an operation is finished when nothing more will happen', () => {
    expect(operationStates.filter(isFinished)).toEqual(['done', 'failed', 'cancelled']);
  });
});
