import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { runConfined } from './confined.ts';
import { memberChecks } from './members.ts';
import { requireRoom, type Work } from './work.ts';

const timeoutMs = 60 * 60_000;

const types: Readonly<Record<string, string>> = {
  d: 'Directory',
  '-': 'File',
  l: 'SymbolicLink',
  c: 'CharacterDevice',
  b: 'BlockDevice',
  p: 'FIFO',
  // Nobody needs one that nobody listens on; unsquashfs makes it as any other file.
  s: 'FIFO',
};

const isThere = async (host: Host): Promise<boolean> =>
  (await host.run(['sh', '-c', 'command -v unsquashfs'], { expect: [0, 1, 127] })).exitCode === 0;

/** `-rwxr-xr-x 0/0   1234 2024-01-01 00:00 squashfs-root/bin/x`; of a device, numbers with a comma instead of the size. */
const linePattern = /^([dlcbps-])\S{9} \d+\/\d+ +(\d+|\d+, *\d+) \S+ \S+ squashfs-root(.*)$/;

/** Lists what is inside, counts it, and unpacks it into a folder, confined to it. */
export const unpackSquashfs = async (
  host: Host,
  file: string,
  target: string,
  freeBytes: number,
  { signal, progress, limitBytes }: Work,
): Promise<void> => {
  if (!(await isThere(host)))
    throw new InnkeeperError('unsupported', 'source: it is a squashfs, and this host has no unsquashfs', {
      hint: 'apt install squashfs-tools, or import a tar of the same image',
    });
  progress('looking into the squashfs');
  const checks = memberChecks(limitBytes);
  let failure: unknown;
  await runConfined(host, target, ['unsquashfs', '-no-progress', '-llnumeric', file], {
    timeoutMs,
    signal,
    onLine: (line) => {
      const [, type = '', size = '', path = ''] = linePattern.exec(line) ?? [];
      if (type === '' || path === '') return;
      try {
        const name = (type === 'l' ? (path.split(' -> ')[0] ?? path) : path).slice(1);
        checks.add({ path: name, type: types[type] ?? type, size: size.includes(',') ? 0 : Number(size) });
      } catch (error) {
        failure ??= error;
      }
    },
  });
  if (failure !== undefined) throw failure;
  if (checks.members === 0) throw new InnkeeperError('invalid', 'source: the squashfs is damaged, or empty');
  requireRoom('source: unpacking it', checks.bytes, freeBytes, target);
  progress(`unpacking ${checks.members} files`);
  await runConfined(host, target, ['unsquashfs', '-no-progress', '-force', '-dest', target, file], {
    timeoutMs,
    signal,
    bounds: { fileBytes: limitBytes },
  });
};
