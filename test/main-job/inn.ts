import { fileURLToPath } from 'node:url';
import { localHost, type RunResult } from '@innkeeper/host';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const host = localHost('test');

/** An installation of its own: beside a user's, on the same libvirt, with guests whose names begin with `test-`. */
export const installation = {
  INNKEEPER_PREFIX: '/tmp/innkeeper-test-main-job',
  INNKEEPER_LISTEN: '127.0.0.1:7796',
  INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
};

const anyCode = Array.from({ length: 256 }, (_, code) => code);

/** Runs `inn` as a person would; any exit code is an answer. */
export const inn = (...args: string[]): Promise<RunResult> =>
  host.run([process.execPath, `${root}/services/cli/bin/inn.js`, ...args], {
    env: installation,
    expect: anyCode,
    timeoutMs: 600_000,
  });

export const setUp = (verb: 'up' | 'down', ...args: string[]): Promise<RunResult> =>
  host.run([process.execPath, `${root}/infra/bin/up.js`, verb, ...args], {
    cwd: root,
    env: installation,
    expect: anyCode,
    timeoutMs: 900_000,
  });

export const virsh = async (uri: string, ...args: string[]): Promise<string> =>
  (await host.run(['virsh', '-q', '-c', uri, ...args])).stdout;
