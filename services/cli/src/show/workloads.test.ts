import type { WorkloadView } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { workloadList, workloadTable } from './workloads.ts';

const managed: WorkloadView = {
  id: '018f0000-0000-7000-8000-000000000001',
  name: 'wiki',
  managed: true,
  state: 'running',
  backend: 'lxc',
  driver: 'lxc',
  host: 'h1',
  image: 'debian/12',
  cpus: 2,
  memoryBytes: 2 ** 30,
  diskBytes: 10 * 2 ** 30,
  addresses: ['192.168.122.50'],
  labels: { tier: 'web', a: '1' },
  reason: 'runs as a container on h1',
  stats: { memoryBytes: 50 * 2 ** 20, ownDiskBytes: 3 * 2 ** 20 },
  drift: [],
};
const foreign: WorkloadView = {
  id: '018f0000-0000-7000-8000-000000000002',
  name: 'old\u001b[31mvm',
  managed: false,
  state: 'stopped',
  backend: 'kvm',
  driver: 'kvm',
  host: 'h1',
  cpus: 1,
  memoryBytes: 2 ** 29,
  addresses: [],
  labels: {},
  drift: [],
};

const cellsOf = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(/ {2,}/));

describe('the table of workloads', () => {
  it('shows a managed one and a foreign one', () => {
    const [head, first, second] = cellsOf(workloadTable([managed, foreign], false));
    expect(head).toEqual(['NAME', 'STATE', 'KIND', 'HOST', 'IMAGE', 'CPUS', 'MEMORY', 'OWN DISK', 'ADDRESS', 'UPTIME']);
    expect(first).toEqual([
      'wiki',
      'running',
      'container',
      'h1',
      'debian/12',
      '2',
      '50MiB/1GiB',
      '3MiB',
      '192.168.122.50',
      '–',
    ]);
    expect(second).toEqual(['old?[31mvm', 'stopped', 'vm (foreign)', 'h1', '–', '1', '–/512MiB', '–', '–', '–']);
  });

  it('shows labels and the reason when it may be wide', () => {
    const [head, first, second] = cellsOf(workloadTable([managed, foreign], true));
    expect(head?.slice(-4)).toEqual(['LABELS', 'RESTARTS', 'EXPIRES', 'WHY']);
    expect(first?.slice(-4)).toEqual(['tier=web,a=1', '0', '–', 'runs as a container on h1']);
    expect(second?.slice(-4)).toEqual(['–', '–', '–', '–']);
  });

  it('shows how often it was started again, when next, and when its time is over', () => {
    const [nextRestartAt, expiresAt] = [8_500, 3_700_500].map((ms) => new Date(Date.now() + ms).toISOString());
    const view = { ...managed, restarts: 3, nextRestartAt, expiresAt } as WorkloadView;
    expect(cellsOf(workloadTable([view], true))[1]?.slice(-3, -1)).toEqual(['3, next in 8s', 'in 1h1m']);
  });

  it('marks what differs from what was asked and says how below', () => {
    const lines = workloadTable(
      [{ ...managed, state: 'stopped', drift: ['power: running was asked, the guest is stopped'] }],
      false,
    ).split('\n');
    expect(lines[1]).toContain('stopped*');
    expect(lines[2]).toBe('* wiki: power: running was asked, the guest is stopped');
  });

  it('shows what is being done instead of drift', () => {
    const operation = { id: 'o1', kind: 'apply', progress: 'building debian/12' } as const;
    const text = workloadTable(
      [{ ...managed, state: 'creating', operation, drift: ['a change is not applied yet'] }],
      false,
    );
    expect(text).toContain('creating (building debian/12)');
    expect(workloadTable([{ ...managed, operation: { id: 'o1', kind: 'stop' } }], false)).toContain('running (stop)');
  });

  it('shows how long a guest has been running, and not how long it was', () => {
    const startedAt = new Date(Date.now() - 3_700_500).toISOString();
    expect(cellsOf(workloadTable([{ ...managed, startedAt }], false))[1]?.at(-1)).toBe('1h1m');
    expect(cellsOf(workloadTable([{ ...managed, state: 'stopped', startedAt }], false))[1]?.at(-1)).toBe('–');
  });
});

describe('the list', () => {
  it('leaves out foreign guests and says how many there are, unless all are asked for', () => {
    const text = workloadList([managed, foreign], { all: false, wide: false });
    expect(text).not.toContain('vm (foreign)');
    expect(text).toContain('1 guest that Innkeeper did not create: inn ls --all');
    expect(workloadList([managed, foreign], { all: true, wide: false })).toContain('vm (foreign)');
  });

  it('says what to do when there is none of ours', () => {
    const lines = workloadList([foreign, foreign], { all: false, wide: false }).split('\n');
    expect(lines[0]).toMatch(/^no workloads yet/);
    expect(lines[1]).toContain('2 guests that Innkeeper did not create');
  });
});
