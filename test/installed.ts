import { fileURLToPath } from 'node:url';
import { localHost, type RunResult } from '@innkeeper/host';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const host = localHost('test');

const anyCode = Array.from({ length: 256 }, (_, code) => code);

export interface InstalledOptions {
  /** Ends the name of its directory. */
  readonly name: string;
  /** Address and port of its page. */
  readonly listen: string;
}

/** An installation of its own: beside a user's, on the same libvirt, with guests whose names begin with `test-`. */
export const installedAs = ({ name, listen }: InstalledOptions) => {
  const installation = {
    INNKEEPER_PREFIX: `/tmp/innkeeper-test-${name}`,
    INNKEEPER_LISTEN: listen,
    INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
  };
  return {
    installation,
    /** Runs `inn` as a person would; any exit code is an answer. */
    inn: (...args: string[]): Promise<RunResult> =>
      host.run([process.execPath, `${root}/services/cli/bin/inn.js`, ...args], {
        env: installation,
        expect: anyCode,
        timeoutMs: 600_000,
      }),
    setUp: (verb: 'up' | 'down', ...args: string[]): Promise<RunResult> =>
      host.run([process.execPath, `${root}/infra/bin/up.js`, verb, ...args], {
        cwd: root,
        env: installation,
        expect: anyCode,
        timeoutMs: 900_000,
      }),
  };
};

export const virsh = async (uri: string, ...args: string[]): Promise<string> =>
  (await host.run(['virsh', '-q', '-c', uri, ...args])).stdout;

/** A container that nobody's Innkeeper made; it is defined and does not run. */
export const defineForeign = async (name: string, directory: string): Promise<void> => {
  // Of a run that was ended before it could clean up.
  await undefineForeign(name);
  const file = `${directory}/${name}.xml`;
  await host.files.write(
    file,
    `<domain type="lxc"><name>${name}</name><memory>65536</memory><os><type>exe</type><init>/bin/true</init></os></domain>`,
  );
  await virsh('lxc:///system', 'define', file);
  await host.files.remove(file);
};

/** Nothing to remove is no error. */
export const undefineForeign = async (name: string): Promise<void> => {
  await host.run(['virsh', '-q', '-c', 'lxc:///system', 'undefine', name], { expect: [0, 1] });
};
