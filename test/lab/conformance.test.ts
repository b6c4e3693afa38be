import { beforeAll, describe, expect, it } from 'vitest';
import { ask, isFresh, release } from './lab-host.ts';

/**
 * Machines are left out unless they are asked for: each is emulated within an emulation, where libvirt takes longer to start
 * one than its calls are given.
 */
const backends = (process.env.INNKEEPER_LAB_DRIVERS ?? 'lxc').split(',');

interface Case {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending';
  readonly failureMessages: readonly string[];
}

/** Of vitest's JSON report. */
interface Report {
  readonly testResults: readonly { readonly message: string; readonly assertionResults: readonly Case[] }[];
}

const libvirtProgram = `
import { localHost } from '@innkeeper/host';
import { ensureLibvirt } from '@innkeeper/infra';
await ensureLibvirt(localHost('test'));
`;

/** Node finds the house's packages from a folder that may import them. */
const startLibvirt = `cd /srv/clone/test && node --input-type=module --eval "${libvirtProgram}"`;

const resultFile = '/tmp/conformance.json';

/**
 * As it also runs outside, here against libvirt of systemd, cgroup v2 and AppArmor; machines by the emulated KVM. Once for
 * all drivers: until vitest has begun takes a minute or two.
 */
const runSuite = [
  'cd /srv/clone && INNKEEPER_IMAGE_CACHE=/srv/images INNKEEPER_TEST_ACCELERATION=kvm',
  'node node_modules/vitest/vitest.mjs run --project integration test/conformance/drivers.test.ts',
  `--testNamePattern "the driver (${backends.join('|')}) " --reporter=json --outputFile=${resultFile} >/dev/null`,
].join(' ');

describe.skipIf(isFresh)(`the conformance suite on Debian ${release} with systemd, cgroup v2 and AppArmor`, () => {
  let report: Report;

  beforeAll(async () => {
    const { libvirt, suite, result } = await ask('root', {
      libvirt: startLibvirt,
      suite: runSuite,
      result: `cat ${resultFile}`,
    });
    expect(libvirt.exitCode, libvirt.output).toBe(0);
    expect(result.exitCode, suite.output).toBe(0);
    report = JSON.parse(result.output) as Report;
  });

  it('runs to its end', () => {
    expect(report.testResults.map(({ message }) => message)).toEqual(['']);
  });

  it.each(backends)('is passed by %s', (backend) => {
    const cases = report.testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ ancestorTitles }) => ancestorTitles.includes(`the driver ${backend}`));
    const failed = cases.filter(({ status }) => status === 'failed');
    expect(failed.map(({ title, failureMessages }) => `${title}: ${failureMessages.join('\n')}`)).toEqual([]);
    expect(cases.filter(({ status }) => status === 'passed').length).toBeGreaterThan(20);
  });
});
