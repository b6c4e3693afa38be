import { InnkeeperError } from '@innkeeper/model';

/** As many bytes of the beginning as are looked at: a descriptor inside a vmdk is within them. */
export const diskHeadBytes = 128 * 1024;

const refuse = (what: string): InnkeeperError =>
  new InnkeeperError('invalid', `source: ${what}; nothing of it was opened`, {
    hint: 'make one file of it where it comes from: qemu-img convert -O qcow2 DISK whole.qcow2',
  });

const minimumQcow2 = 72;
/** Incompatible features of version 3 are at byte 72; bit 2 is an external data file. [QEMU, docs/interop/qcow2] */
const externalData = 0x4n;

/**
 * Throws `invalid` for a qcow2 that names another file, before any program opens it: a backing file or a data file could be any
 * file of the host, and a guest would read it. QEMU opens both when it is only asked for information. [CVE-2024-4467]
 */
const checkQcow2 = (head: Buffer): void => {
  if (head.length < minimumQcow2) throw refuse('the qcow2 ends within its header');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw refuse(`the qcow2 is of version ${version}; 2 and 3 are known`);
  if (head.readBigUInt64BE(8) !== 0n || head.readUInt32BE(16) !== 0)
    throw refuse('the qcow2 has a backing file, which would be read from this host');
  if (head.readUInt32BE(32) !== 0) throw refuse('the qcow2 is encrypted');
  if (version === 3 && head.length >= 80 && (head.readBigUInt64BE(72) & externalData) !== 0n)
    throw refuse('the qcow2 has its data in another file, which would be read from this host');
};

const sectorBytes = 512n;
const wholeInOne = new Set(['monolithicSparse', 'streamOptimized']);

/** The header of a sparse extent: capacity at 12, the descriptor's place and length in sectors at 28 and 36. [VMware, Virtual Disk Format 5.0] */
const checkVmdk = (head: Buffer): void => {
  if (head.length < 512) throw refuse('the vmdk ends within its header');
  const [capacity, at, length] = [head.readBigUInt64LE(12), head.readBigUInt64LE(28), head.readBigUInt64LE(36)];
  if (capacity === 0n) throw refuse('the vmdk is a description of other files, which would be read from this host');
  if (at === 0n || length === 0n) throw refuse('the vmdk has no description in it');
  const [from, to] = [at * sectorBytes, (at + length) * sectorBytes];
  if (to > BigInt(head.length)) throw refuse('the description in the vmdk is not at its beginning');
  const text = head.subarray(Number(from), Number(to)).toString('latin1').split('\0', 1)[0] ?? '';
  const kind = /^\s*createType\s*=\s*"([^"]*)"/im.exec(text)?.[1] ?? 'none';
  if (!wholeInOne.has(kind))
    throw refuse(`the vmdk is of the kind ${JSON.stringify(kind.slice(0, 40))}, which is more than one file`);
  const parent = /^\s*parentCID\s*=\s*(\w+)/im.exec(text)?.[1]?.toLowerCase() ?? 'ffffffff';
  if (parent !== 'ffffffff' || /^\s*parentFileNameHint/im.test(text))
    throw refuse('the vmdk has a parent, which would be read from this host');
  const extents = text.split('\n').filter((line) => /^\s*(RW|RDONLY|NOACCESS)\s/i.test(line));
  if (extents.length !== 1)
    throw refuse(`the vmdk has ${extents.length} extents, of which all but one are other files`);
  if (/[/\\]/.test(extents[0] ?? '')) throw refuse('the vmdk has its extent in another folder');
};

/** Throws `invalid`, saying why, for a disk that needs any other file than itself. */
export const checkDiskHead = (kind: 'qcow2' | 'vmdk' | 'raw', head: Buffer): void => {
  if (kind === 'qcow2') checkQcow2(head);
  if (kind === 'vmdk') checkVmdk(head);
};
