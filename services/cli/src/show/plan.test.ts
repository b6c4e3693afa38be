import type { PlacementRecord, WorkloadPlan } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { placementText } from './placement.ts';
import { obstaclesOf, planText } from './plan.ts';

const plan = (parts: Partial<WorkloadPlan>): WorkloadPlan => ({
  name: 'wiki',
  action: 'none',
  changes: [],
  mapping: [],
  warnings: [],
  ...parts,
});

const problemOf = (code: 'unplaceable' | 'conflict'): WorkloadPlan['problem'] => ({
  type: `urn:innkeeper:${code}`,
  title: code,
  status: 409,
  code,
  detail: code,
});

const record: PlacementRecord = {
  workload: 'wiki',
  requirements: [{ id: 'guest-os', text: 'debian/12 is a Linux guest' }],
  rules: [
    { id: 'linux-as-container', effect: 'prefer', held: 2, message: 'lighter' },
    { id: 'quiet', effect: 'forbid', held: 0, message: 'never said' },
    { id: 'broken', effect: 'require', held: 0, message: 'm', error: 'No such key: zone' },
  ],
  candidates: [
    {
      candidate: { host: 'h1', driver: 'lxc', backend: 'lxc' },
      fits: true,
      checks: [{ check: 'host-up', ok: true, need: 'up', have: 'up', code: 'ok', text: 'h1 is up' }],
      scores: [{ name: 'backend', points: 50, text: 'lighter' }],
      total: 50,
    },
    {
      candidate: { host: 'h1', driver: 'kvm', backend: 'kvm' },
      fits: false,
      checks: [
        {
          check: 'memory',
          ok: false,
          need: '2GiB',
          have: '1GiB',
          code: 'not_enough_memory',
          text: 'needs 2GiB of memory',
        },
      ],
      scores: [],
      total: 0,
      nearMiss: 'fits h1/kvm if 2GiB of memory were free (now 1GiB)',
    },
  ],
  winner: { host: 'h1', driver: 'lxc', backend: 'lxc' },
  reason: 'runs as a container on h1: lighter',
};

describe('a plan', () => {
  it('says that nothing is to be done, and no more', () => {
    expect(planText({ workloads: [plan({ mapping: ['memory: cgroup'], warnings: ['slow'] })] })).toBe(
      '= wiki is as described',
    );
  });

  it('says what is created, where, how and with which warnings', () => {
    const text = planText({
      workloads: [plan({ action: 'create', placement: record, mapping: ['memory: memory.max'], warnings: ['no KVM'] })],
    });
    expect(text.split('\n')).toEqual([
      '+ wiki runs as a container on h1: lighter',
      '    memory: memory.max',
      '    ! no KVM',
    ]);
  });

  it('shows every candidate with every check when it is asked to', () => {
    const text = planText({ workloads: [plan({ action: 'create', placement: record })] }, true);
    expect(text.split('\n')).toContain('        ✗ needs 2GiB of memory');
    expect(text.split('\n')).toContain('      h1/lxc  chosen  score 50');
  });

  it('says what changes and what that costs', () => {
    const changes = [{ field: 'memory', from: undefined, to: '1GiB', cost: 'restart' as const }];
    expect(planText({ workloads: [plan({ action: 'change', changes })] })).toContain(
      '    memory: (default) → "1GiB"  (restart)',
    );
  });

  it('says why something is impossible and what to do', () => {
    const problem = {
      type: 'about:blank',
      title: 'No host and backend fits',
      status: 422,
      code: 'unplaceable',
      detail: 'fits nowhere',
      hint: 'add memory',
    };
    expect(planText({ workloads: [plan({ action: 'impossible', problem })] })).toBe(
      '✗ wiki fits nowhere\n    → add memory',
    );
  });

  it('never lets what a host said move the cursor', () => {
    const problem = {
      type: 'about:blank',
      title: 't',
      status: 422,
      code: 'unplaceable',
      detail: 'libvirt: \u001b[2J',
      hint: '\u001b[1A',
    };
    const text = planText({
      workloads: [plan({ action: 'impossible', problem, mapping: ['\u001b[3J'], warnings: ['\u009b2J'] })],
    });
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('a placement', () => {
  it('shows the winner, each candidate with its checks and scores, and what would make it fit', () => {
    expect(placementText(record).split('\n')).toEqual([
      'wiki runs as a container on h1: lighter',
      'requirements',
      '  • debian/12 is a Linux guest',
      'rules',
      '  • linux-as-container (prefer) holds for 2: lighter',
      '  ✗ broken (require) cannot be evaluated: No such key: zone',
      'candidates',
      '  h1/lxc  chosen  score 50',
      '    ✓ h1 is up',
      '    +50  lighter',
      '  h1/kvm  does not fit  score 0',
      '    ✗ needs 2GiB of memory',
      '    → fits h1/kvm if 2GiB of memory were free (now 1GiB)',
    ]);
  });

  it('says the name once when it fits nowhere', () => {
    const { winner: _, ...lost } = record;
    expect(
      placementText({
        ...lost,
        reason: 'wiki fits nowhere: no host with a driver is known',
        candidates: [],
        requirements: [],
        rules: [],
      }),
    ).toBe('wiki fits nowhere: no host with a driver is known\ncandidates');
  });

  it('never lets what a driver said move the cursor', () => {
    const text = placementText({
      ...record,
      reason: 'runs as a container on h1: the driver kvm does not work: \u001b[2J',
    });
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('what keeps a manifest from being applied', () => {
  const wiki = plan({ action: 'create' });
  const large = plan({ name: 'large', action: 'impossible', problem: problemOf('unplaceable') });
  const taken = plan({ name: 'taken', action: 'impossible', problem: problemOf('conflict') });

  it('is the first that is impossible', () => {
    expect(obstaclesOf({ workloads: [wiki, large, taken] }, false)).toEqual({ first: large, leftOut: [] });
    expect(obstaclesOf({ workloads: [wiki] }, false)).toEqual({ first: undefined, leftOut: [] });
  });

  it('is no lack of room when what fits is asked for, but a conflict is', () => {
    expect(obstaclesOf({ workloads: [wiki, large] }, true)).toEqual({ first: undefined, leftOut: ['large'] });
    expect(obstaclesOf({ workloads: [wiki, large, taken] }, true)).toEqual({ first: taken, leftOut: ['large'] });
  });

  it('is a lack of room for everything', () => {
    expect(obstaclesOf({ workloads: [large] }, true)).toEqual({ first: large, leftOut: [] });
  });
});
