import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import type { Acceleration } from './xml.ts';

/** What a proof said, with what it was concluded from. */
export interface Verdict {
  readonly value: Acceleration;
  readonly evidence: string;
}

const marker = 'INNKEEPER-PROOF-OF-LIFE';
/** A Linux kernel that really runs prints within seconds; one under a lying /dev/kvm hangs for ever. */
const patienceMs = 60_000;

const verdictFile = (paths: Paths): string => `${paths.state}/acceleration.json`;

/** The verdict holds for one kernel, one QEMU and one microcode. */
const situation = async (host: Host): Promise<string> => {
  const kernel = (await host.files.readText('/proc/sys/kernel/osrelease')).trim();
  const qemu = (await host.run(['qemu-system-x86_64', '--version'])).stdout.split('\n')[0] ?? '';
  const cpuinfo = await host.files.readText('/proc/cpuinfo');
  return [
    kernel,
    qemu,
    /^model name\s*:.*$/m.exec(cpuinfo)?.[0] ?? '',
    /^microcode\s*:.*$/m.exec(cpuinfo)?.[0] ?? '',
  ].join(' | ');
};

export const kvmDevice = async (host: Host): Promise<boolean> => (await host.files.facts('/dev/kvm')) !== undefined;

/** What is known without booting anything; undefined while it is not proven. */
export const knownVerdict = async (
  host: Host,
  paths: Paths,
  setting: 'auto' | Acceleration,
): Promise<Verdict | undefined> => {
  if (setting !== 'auto') return { value: setting, evidence: `set to ${setting}` };
  if (!(await kvmDevice(host)))
    return { value: 'tcg', evidence: 'there is no /dev/kvm: virtualisation is absent or disabled in the firmware' };
  const text = await host.files.readTextIfThere(verdictFile(paths));
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as Verdict & { readonly situation: string };
  return kept.situation === (await situation(host)) ? { value: kept.value, evidence: kept.evidence } : undefined;
};

const initScript = `#!/bin/busybox sh\n/bin/busybox mount -t devtmpfs dev /dev\necho ${marker} > /dev/ttyS0\n/bin/busybox poweroff -f\n`;

const makeInitrd = async (host: Host, folder: string): Promise<string> => {
  const root = `${folder}/root`;
  for (const name of ['bin', 'dev']) {
    await host.files.makeDirectory(root, 0o755);
    await host.files.makeDirectory(`${root}/${name}`, 0o755);
  }
  await host.run(['install', '-m', '0755', '--', '/bin/busybox', `${root}/bin/busybox`]);
  await host.files.write(`${root}/init`, initScript, 0o755);
  const names = ['.', './init', './bin', './bin/busybox', './dev'].join('\n');
  await host.run(['cpio', '--quiet', '-o', '-H', 'newc', '-F', `${folder}/initrd`], { cwd: root, input: `${names}\n` });
  return `${folder}/initrd`;
};

/** Boots under KVM until the marker is printed. Otherwise says what happened: QEMU gave up, or nothing new was printed for a minute. */
const boots = async (host: Host, kernel: string, initrd: string): Promise<true | string> => {
  const child = host.spawn([
    'qemu-system-x86_64',
    '-machine',
    'q35',
    '-accel',
    'kvm',
    '-m',
    '256',
    '-nodefaults',
    '-nographic',
    '-no-reboot',
    '-serial',
    'stdio',
    '-kernel',
    kernel,
    '-initrd',
    initrd,
    '-append',
    'console=ttyS0 panic=-1',
  ]);
  let seen = '';
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-2000);
  });
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<string>((resolve) => {
    const wind = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => resolve('a Linux kernel hangs under it'), patienceMs);
    };
    wind();
    child.stdout.on('data', (chunk: Buffer) => {
      seen = (seen + chunk.toString('latin1')).slice(-100_000);
      wind();
    });
  });
  const ended = child.exit.then(
    (): true | string =>
      seen.includes(marker) || `QEMU ended early: ${complaint.trim().split('\n').at(-1) ?? 'no reason given'}`,
  );
  const result = await Promise.race([ended, silent]);
  clearTimeout(timer);
  child.kill('SIGKILL');
  await child.exit;
  return result;
};

const running = new Map<string, Promise<Verdict>>();

/**
 * Decides between hardware and software by booting a Linux kernel once: a device file that opens proves nothing,
 * and a boot sector runs even where a kernel hangs. One proof at a time; those who ask meanwhile wait for it.
 */
export const proveAcceleration = (host: Host, paths: Paths, kernel: string): Promise<Verdict> => {
  const one = `${host.id} ${paths.state}`;
  const current = running.get(one);
  if (current !== undefined) return current;
  const proof = (async (): Promise<Verdict> => {
    const folder = `${paths.state}/proof`;
    await host.files.remove(folder);
    await host.files.makeDirectory(folder);
    try {
      const result = await boots(host, kernel, await makeInitrd(host, folder));
      const verdict: Verdict =
        result === true
          ? { value: 'kvm', evidence: 'a Linux kernel booted under KVM' }
          : { value: 'tcg', evidence: `/dev/kvm opens, but ${result}; software emulation is used` };
      await host.files.write(
        verdictFile(paths),
        `${JSON.stringify({ ...verdict, situation: await situation(host) })}\n`,
        0o644,
      );
      return verdict;
    } finally {
      await host.files.remove(folder);
    }
  })().finally(() => running.delete(one));
  running.set(one, proof);
  return proof;
};
