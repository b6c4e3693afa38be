import { beforeAll, describe, expect, it } from 'vitest';
import { ask, isFresh, release } from './lab-host.ts';

const backends = ['lxc', 'kvm'] as const;
type Backend = (typeof backends)[number];

/** Of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: 'passed' | 'failed' | 'skipped' | 'pending';
      readonly duration?: number;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const libvirtProgram = `
import { localHost } from '@innkeeper/host';
import { ensureLibvirt } from '@innkeeper/infra';
await ensureLibvirt(localHost('test'));
`;

/** Node finds the house's packages from a folder that may import them. */
const startLibvirt = `cd /srv/clone/test && node --input-type=module --eval "${libvirtProgram}"`;

const resultOf = (backend: Backend): string => `/tmp/conformance-${backend}.json`;

/** The suite as it also runs outside, here against libvirt of systemd, cgroup v2 and AppArmor; machines by the emulated KVM. */
const runSuite = (backend: Backend): string =>
  [
    'cd /srv/clone && INNKEEPER_IMAGE_CACHE=/srv/images INNKEEPER_TEST_ACCELERATION=kvm',
    'node node_modules/vitest/vitest.mjs run --project integration test/conformance/drivers.test.ts',
    `--testNamePattern "the driver ${backend} " --reporter=json --outputFile=${resultOf(backend)} >/dev/null`,
  ].join(' ');

const failuresIn = ({ testResults }: Report): string[] =>
  testResults.flatMap(({ message, assertionResults }) => [
    ...(message === '' ? [] : [message]),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ title, failureMessages }) => `${title}: ${failureMessages.join('\n')}`),
  ]);

describe.skipIf(isFresh)(`the conformance suite on Debian ${release} with systemd, cgroup v2 and AppArmor`, () => {
  beforeAll(async () => {
    const { libvirt } = await ask('root', { libvirt: startLibvirt });
    expect(libvirt.exitCode, libvirt.output).toBe(0);
  });

  it.each(backends)('is passed by %s', async (backend) => {
    const { suite, result } = await ask('root', { suite: runSuite(backend), result: `cat ${resultOf(backend)}` });
    expect(result.exitCode, suite.output).toBe(0);
    const report = JSON.parse(result.output) as Report;
    expect(failuresIn(report)).toEqual([]);
    const passed = report.testResults.flatMap((one) => one.assertionResults).filter((one) => one.status === 'passed');
    expect(passed.length).toBeGreaterThan(20);
    expect(suite.exitCode, suite.output).toBe(0);
  });
});
