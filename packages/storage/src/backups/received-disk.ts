import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';

/** As many bytes of a qcow2 as are looked at: magic, version at 4, encryption at 32, incompatible features at 72. */
const headBytes = 80;
/** Of the incompatible features: data in another file. [QEMU, docs/interop/qcow2] */
const externalData = 0x4n;

const headOf = async (host: Host, path: string): Promise<Buffer> => {
  const { stdout } = await host.run(['od', '-An', '-v', '-tx1', '-N', String(headBytes), '--', path]);
  return Buffer.from(stdout.replaceAll(/\s/g, ''), 'hex');
};

/**
 * Throws `host_error` for what is no qcow2 in one file, before any program opens it: what another file holds is not in a backup, and one
 * of this host would be read in its place. What it names as below it is looked at by nobody: {@link setBacking} says what that is.
 */
export const requirePlainDisk = async (host: Host, path: string, what: string): Promise<void> => {
  const refuse = (why: string) => new InnkeeperError('host_error', `The backup cannot be brought back: ${what} ${why}`);
  if ((await host.files.facts(path))?.kind !== 'file') throw refuse('is not in it');
  const head = await headOf(host, path);
  const version = head.length < headBytes ? 0 : head.readUInt32BE(4);
  if (head.toString('latin1', 0, 4) !== 'QFI\xfb' || (version !== 2 && version !== 3)) throw refuse('is no qcow2');
  if (head.readUInt32BE(32) !== 0) throw refuse('is encrypted');
  if (version === 3 && (head.readBigUInt64BE(72) & externalData) !== 0n) throw refuse('has its data in another file');
};

const rebase = (host: Host, path: string, words: readonly string[]): Promise<unknown> =>
  // Unsafe is what does not look at what is below, neither before nor afterwards.
  host.run(['qemu-img', 'rebase', '-q', '-u', '-f', 'qcow2', ...words, path], { timeoutMs: 600_000 });

/** It is an overlay of this disk, whatever it said before. */
export const setBacking = async (host: Host, path: string, backing: string): Promise<void> =>
  void (await rebase(host, path, ['-F', 'qcow2', '-b', backing]));

/** It is an overlay of none, whatever it said before. */
export const emptyBacking = async (host: Host, path: string): Promise<void> =>
  void (await rebase(host, path, ['-b', '']));
