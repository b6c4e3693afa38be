import type { HostSnapshot } from '@innkeeper/placement';
import { deviceOf, GiB, hostOf, type Lab, lxc, noKvm, shipped } from './parts.ts';

/** Mulberry32: the same numbers for the same seed, on every machine. */
const numbers = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const zones = ['a', 'b', 'c', 'd', 'e'];

const generate = (count: number, seed: number): HostSnapshot[] => {
  const next = numbers(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return Array.from({ length: count }, (_, index) => {
    const memory = 2 ** (4 + below(5));
    const promised = below(memory);
    const kind = next();
    const gpu = next() < 0.05;
    const state = next() < 0.02 ? 'draining' : next() < 0.02 ? 'unreachable' : 'up';
    return hostOf(
      `h${String(index + 1).padStart(4, '0')}`,
      { cpus: memory / 4, memory, disk: 50 + below(1000) },
      {
        state,
        labels: { zone: zones[below(zones.length)] ?? 'a' },
        images: next() < 0.7 ? ['debian/12'] : [],
        claimed: { cpus: Math.floor(promised / 4), memoryBytes: promised * GiB },
        ...(kind < 0.1 ? { drivers: [lxc, noKvm('/dev/kvm is missing')] } : {}),
        devices: gpu ? [deviceOf('gpu', 'pci:0000:01:00.0', 'L4', { vendor: 'nvidia', group: '1' })] : [],
      },
    );
  });
};

/** A thousand hosts that nobody looks at one by one. */
export const large: Lab = {
  about: 'a thousand generated hosts',
  hosts: generate(1000, 20_250_701),
  workloads: [],
  rules: shipped,
  requests: {
    wiki: { image: 'debian/12' },
    packed: { image: 'debian/12', memory: '4GiB', placement: { strategy: 'pack' } },
    desktop: { image: 'windows/11', memory: '16GiB' },
    inference: { image: 'debian/12', cpus: 8, memory: '32GiB', devices: [{ gpu: { vendor: 'nvidia' } }] },
    'pg-1': { image: 'debian/12', memory: '64GiB', labels: { app: 'pg' } },
    'pg-2': {
      image: 'debian/12',
      memory: '64GiB',
      labels: { app: 'pg' },
      placement: { away: [{ labels: { app: 'pg' }, by: 'zone', hard: true }] },
    },
    api: { image: 'debian/12', memory: '2GiB', placement: { near: [{ workload: 'pg-1', by: 'zone' }] } },
    huge: { image: 'debian/12', cpus: 64, memory: '255GiB' },
    impossible: { image: 'debian/12', memory: '1TiB' },
    tpu: { image: 'debian/12', devices: [{ pci: { id: '1ae0:0027' } }] },
  },
};
