import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { ask, GiB, host, MiB, snapshot } from './testing.ts';

describe('a decision', () => {
  it('says of a host that is too small by 1 MiB two sizes that differ', () => {
    const record = decide(
      snapshot([host('h1', { memoryBytes: 1024 * MiB })]),
      ask({ memory: '1025MiB', backend: 'lxc' }),
    );
    expect(record.winner).toBeUndefined();
    const memory = record.candidates[0]?.checks.find(({ check }) => check === 'memory');
    expect(memory).toMatchObject({ ok: false, code: 'not_enough_memory' });
    expect(record.candidates[0]?.nearMiss).toContain('fits h1/lxc if ');
    expect(memory?.need).not.toBe(memory?.have);
  });

  it('explains the backend with the host that was chosen, not with another that is down', () => {
    const hosts = [host('a-down', { state: 'unreachable' }), host('h1')];
    expect(decide(snapshot(hosts), ask({ image: 'windows/11' })).reason).toBe(
      'runs as a virtual machine on h1: windows/11 is a Windows guest; containers share the Linux kernel of the host',
    );
  });

  it('counts what is claimed and what foreign guests use', () => {
    const full = host('h1', {
      claimed: { cpus: 0, memoryBytes: 8 * GiB },
      foreign: { cpus: 0, memoryBytes: 8 * GiB - 511 * MiB },
    });
    expect(decide(snapshot([full]), ask()).winner).toBeUndefined();
    const fits = { ...full, foreign: { cpus: 0, memoryBytes: 8 * GiB - 512 * MiB } };
    expect(decide(snapshot([fits]), ask()).winner).toBeDefined();
  });

  it('keeps a clone where the one is that it is copied from, and says so', () => {
    const origin = { workload: 'web', host: 'h2', driver: 'lxc' };
    const record = decide(snapshot([host('h1'), host('h2')]), { ...ask(), origin });
    expect(record.winner).toMatchObject({ host: 'h2', driver: 'lxc' });
    expect(record.reason).toBe('runs as a container on h2: it is a clone of web, which is on h2/lxc');
    const full = decide(snapshot([host('h1'), host('h2', { memoryBytes: 0 })]), { ...ask(), origin });
    expect(full.winner).toBeUndefined();
    expect(full.reason).toContain('h2');
  });

  it('brings a backup back by the driver that it is of, on hosts that reach it, with the image that it brings along', () => {
    const origin = { workload: 'web', driver: 'lxc', backup: 'web-1' };
    const request = { ...ask({ image: 'nobody/has' }), origin };
    const anywhere = decide(snapshot([host('h1'), host('h2')]), request);
    expect(anywhere.winner).toMatchObject({ driver: 'lxc' });
    expect(anywhere.reason).toContain('it is made of the backup web-1 of web, which the driver lxc can bring back');
    const there = decide(snapshot([host('h1'), host('h2')]), { ...request, origin: { ...origin, host: 'h2' } });
    expect(there.winner).toMatchObject({ host: 'h2', driver: 'lxc' });
    expect(there.reason).toContain('and is on h2');
    expect(decide(snapshot([host('h1')]), { ...request, origin: { ...origin, host: 'h2' } }).winner).toBeUndefined();
  });

  it('runs every check for every candidate', () => {
    const hosts = [host('h1', { state: 'unreachable', memoryBytes: 0, diskFreeBytes: 0, cpus: 0 }), host('h2')];
    const { candidates } = decide(snapshot(hosts), ask({ image: 'windows/11' }));
    expect(candidates).toHaveLength(4);
    expect(new Set(candidates.map(({ checks }) => checks.map(({ check }) => check).join())).size).toBe(1);
  });
});
