import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import type { HostSnapshot, PlacementRequest, Snapshot } from './snapshot.ts';
import { ask, device, GiB, host, lxc, placed, preferring, snapshot } from './testing.ts';
import { whyNotHost } from './why-not.ts';

const answers = (
  hosts: readonly HostSnapshot[],
  request: PlacementRequest,
  on: string,
  parts: Partial<Snapshot> = {},
): Record<string, string> | undefined => {
  const view = whyNotHost(decide(snapshot(hosts, parts), request), on);
  return view && Object.fromEntries(view.answers.map(({ driver, text }) => [driver, text]));
};

const gpu = device({ key: 'gpu', class: 'gpu', title: 'RTX 4090' });

describe('why a workload is not on a host', () => {
  it('is every check that failed there', () => {
    const small = host('h2', { memoryBytes: GiB, cpus: 1 });
    expect(answers([host('h1'), small], ask({ image: 'windows/11' }), 'h2')).toEqual({
      kvm: 'it needs 2 processors; h2 has 1; it needs 4GiB of memory; h2 can promise 1GiB at most',
      lxc: expect.stringMatching(
        /^windows\/11 is a Windows guest; containers share the Linux kernel of the host; .*; windows\/11 has no rootfs, which containers stand on; it needs 2 processors; .*$/,
      ),
    });
  });

  it('is what is missing, when that is only room', () => {
    const busy = host('h2', { claimed: { cpus: 0, memoryBytes: 16 * GiB }, drivers: [lxc] });
    expect(answers([host('h1'), busy], ask(), 'h2')).toEqual({
      lxc: 'it needs 512MiB of memory; h2 has 0B free',
    });
  });

  it('is by how much another place scored more, and for what', () => {
    expect(answers([host('h1'), host('h2', { images: [] })], ask(), 'h2')).toEqual({
      kvm: 'it fits, but h1/lxc scored 79 and this one 19: +50 since a Linux service is lighter as a container: it starts at once and shares memory with the host, +10 since the image is there',
      lxc: 'it fits, but h1/lxc scored 79 and this one 69: +10 since the image is there',
    });
  });

  it('is what speaks against the host, when that is all', () => {
    const request = ask({ backend: 'lxc', placement: { away: [{ workload: 'noisy' }] } });
    const hosts = [host('h1'), host('h2', { devices: [gpu] })];
    expect(answers(hosts, request, 'h2', { workloads: [placed('noisy', 'h2')] })?.lxc).toBe(
      'it fits, but h1/lxc scored 79 and this one 34: +30 since it wants to be away from noisy, and noisy is on h2, +15 since the free RTX 4090 of h2 is kept for those who ask for one',
    );
  });

  it('is the rule with a negative weight, when that is all', () => {
    const rules = [preferring('old', 'h.name == "h2"', -40, { host: 'h2', message: 'h2 is old' })];
    expect(answers([host('h1'), host('h2')], ask({ backend: 'lxc' }), 'h2', { rules })?.lxc).toBe(
      'it fits, but h1/lxc scored 29 and this one -11: +40 since h2 is old',
    );
  });

  it('is its name among equals', () => {
    expect(answers([host('h1'), host('h2')], ask(), 'h2')?.lxc).toBe(
      'it fits as well as h1/lxc; of equals the first by name is taken',
    );
  });

  it('is nothing for the place that was chosen', () => {
    expect(answers([host('h1')], ask(), 'h1')?.lxc).toBe('it is the place that was chosen');
  });

  it('has no answer for a host that the decision did not know', () => {
    expect(answers([host('h1')], ask(), 'h9')).toBeUndefined();
  });
});
