import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { debianPackages, type NeededPackage } from '../../bin/needs.js';
import { findProgram } from '../machine.ts';
import { noteChange } from '../record.ts';
import type { Finding, Ground, Step } from './step.ts';

const minutes = 60_000;
const aptEnvironment = { DEBIAN_FRONTEND: 'noninteractive' };

/** Names of the installed ones in the output of `dpkg-query -W -f '${Package} ${db:Status-Status}\n'`. */
export const parseInstalled = (output: string): Set<string> =>
  new Set(
    output
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.slice(0, line.indexOf(' '))),
  );

/** Names that apt could install, in the output of `apt-cache policy`. */
export const parseCandidates = (output: string): Set<string> =>
  new Set(
    [...output.matchAll(/^(\S+):\n {2}Installed: .*\n {2}Candidate: (?!\(none\))/gm)].map(([, name]) => name ?? ''),
  );

const installed = async (host: Host, names: readonly string[]): Promise<Set<string>> => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const format = '${Package} ${db:Status-Status}\n';
  return parseInstalled((await host.run(['dpkg-query', '-W', '-f', format, ...names], { expect: [0, 1] })).stdout);
};

const candidates = async (host: Host, names: readonly string[]): Promise<Set<string>> =>
  parseCandidates((await host.run(['apt-cache', 'policy', ...names])).stdout);

interface Missing {
  readonly wanted: readonly NeededPackage[];
  /** Not known to apt. */
  readonly unknown: readonly NeededPackage[];
}

/** Splits what is not installed into what apt has and what it does not know. */
const findMissing = async (host: Host): Promise<Missing> => {
  const names = debianPackages.map((need) => need.name);
  const present = await installed(host, names);
  const absent = debianPackages.filter((need) => !present.has(need.name));
  if (absent.length === 0) return { wanted: [], unknown: [] };
  const known = await candidates(host, names);
  return {
    wanted: absent.filter((need) => known.has(need.name)),
    unknown: absent.filter((need) => !known.has(need.name)),
  };
};

const check = async ({ host }: Ground): Promise<Finding> => {
  if (!(await findProgram(host, 'apt-get'))) {
    throw new InnkeeperError(
      'unsupported',
      'This machine has no apt: Innkeeper runs on Debian 12, 13 and Ubuntu from 24.04',
    );
  }
  const { wanted, unknown } = await findMissing(host);
  const needed = [...wanted, ...unknown.filter((need) => need.optional !== true)];
  if (needed.length > 0) return { done: false, text: `installing ${needed.length} packages, about a minute` };
  const without = unknown.length === 0 ? '' : `; apt does not know ${unknown.map((need) => need.name).join(', ')}`;
  return { done: true, text: `${debianPackages.length - unknown.length} packages are installed${without}` };
};

const requireKnown = (unknown: readonly NeededPackage[]): void => {
  const required = unknown.filter((need) => need.optional !== true);
  if (required.length === 0) return;
  const names = required.map((need) => `${need.name} (${need.why})`).join(', ');
  throw new InnkeeperError('unavailable', `apt does not know ${names}`, {
    hint: 'On Ubuntu enable the component universe (add-apt-repository universe); else look at /etc/apt/sources.list',
  });
};

const install = async ({ host, paths, report }: Ground, wanted: readonly NeededPackage[]): Promise<void> => {
  for (const need of wanted) report.say(`    ${need.name}: ${need.why}`);
  const names = wanted.map((need) => need.name);
  await noteChange(host, paths, { packages: names });
  const options = [
    '-q',
    '-y',
    '--no-install-recommends',
    '-o',
    'Dpkg::Options::=--force-confold',
    '-o',
    'DPkg::Lock::Timeout=300',
  ];
  await host.run(['apt-get', ...options, 'install', '--', ...names], {
    env: aptEnvironment,
    timeoutMs: 60 * minutes,
    onLine: (line) => report.progress('packages', line),
  });
};

const apply = async (ground: Ground): Promise<string> => {
  ground.report.progress('packages', 'asking for the current package lists');
  await ground.host.run(['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', 'update'], {
    env: aptEnvironment,
    timeoutMs: 10 * minutes,
  });
  const { wanted, unknown } = await findMissing(ground.host);
  requireKnown(unknown);
  await install(ground, wanted);
  return `installed ${wanted.map((need) => need.name).join(', ')}`;
};

export const packages: Step = { name: 'packages', why: 'libvirt, QEMU and what builds images', check, apply };
