import type { WorkloadView } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { sortTop, topRows, topTable } from './top.ts';

const view = (name: string, stats: WorkloadView['stats'], parts: Partial<WorkloadView> = {}): WorkloadView => ({
  id: name,
  name,
  managed: true,
  state: 'running',
  backend: 'lxc',
  host: 'here',
  memoryBytes: 2 ** 30,
  addresses: [],
  labels: {},
  drift: [],
  ...(stats === undefined ? {} : { stats }),
  ...parts,
});

describe('what guests do between two readings', () => {
  it('is a rate of what has grown', () => {
    const [row] = topRows(
      [view('web', { atMs: 1000, cpuSeconds: 10, receivedBytes: 100, diskReadBytes: 0 })],
      [view('web', { atMs: 3000, cpuSeconds: 13, receivedBytes: 2148, diskReadBytes: 0 })],
    );
    expect(row?.rates).toEqual({ cpus: 1.5, received: 1024, diskRead: 0 });
  });

  it('is not known of one that was started again, or was not there', () => {
    const now = view('web', { atMs: 3000, cpuSeconds: 1 });
    expect(topRows([view('web', { atMs: 1000, cpuSeconds: 10 })], [now])[0]?.rates).toEqual({});
    expect(topRows([], [now])[0]?.rates).toEqual({});
  });

  it('leaves out what does not run', () => {
    expect(topRows([], [view('off', undefined, { state: 'stopped' })])).toEqual([]);
    expect(topTable([])).toBe('nothing runs');
  });

  it('is sorted by what is asked for, and by name among equals', () => {
    const rows = topRows(
      [],
      [view('b', { memoryBytes: 1 }), view('a', { memoryBytes: 1 }), view('c', { memoryBytes: 9 })],
    );
    expect(sortTop(rows, 'memory').map((row) => row.view.name)).toEqual(['c', 'a', 'b']);
    expect(sortTop(rows, 'name').map((row) => row.view.name)).toEqual(['a', 'b', 'c']);
  });

  it('shows what is not known as a dash, not as zero', () => {
    const [, line] = topTable(topRows([], [view('web', { atMs: 1, memoryBytes: 2 ** 20 })])).split('\n');
    expect(line?.split(/\s+/)).toEqual([
      'web',
      'container',
      'here',
      '–',
      '1MiB/1GiB',
      '–',
      '–',
      '–',
      '–',
      '–',
      '–',
      '–',
    ]);
  });
});
