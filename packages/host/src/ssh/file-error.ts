import { constants } from 'node:os';

type ErrorName = keyof typeof constants.errno;

/** What strerror(3) says in English, for what small programs meet at files. */
const names: Readonly<Record<string, ErrorName>> = {
  'No such file or directory': 'ENOENT',
  // dash, of a file that it cannot make.
  'Directory nonexistent': 'ENOENT',
  'Not a directory': 'ENOTDIR',
  'Is a directory': 'EISDIR',
  // mv.
  'with non-directory': 'EISDIR',
  'File exists': 'EEXIST',
  'Directory not empty': 'ENOTEMPTY',
  'Permission denied': 'EACCES',
  'Operation not permitted': 'EPERM',
  'No space left on device': 'ENOSPC',
  'Disk quota exceeded': 'EDQUOT',
  'Read-only file system': 'EROFS',
  'Invalid cross-device link': 'EXDEV',
  'Device or resource busy': 'EBUSY',
  'File name too long': 'ENAMETOOLONG',
  'Too many levels of symbolic links': 'ELOOP',
  'Input/output error': 'EIO',
};

/** An error as Node's own of the same call on this machine, with `code`, `path` and `syscall`. */
export const nodeError = (code: string, text: string, syscall: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${text}, ${syscall} '${path}'`), {
    code,
    path,
    syscall,
    ...(code in constants.errno ? { errno: -constants.errno[code as ErrorName] } : {}),
  });

/** The same from what a program wrote in English; `EIO` when it says nothing that is known. */
export const writtenError = (stderr: string, syscall: string, path: string): Error => {
  const text = Object.keys(names).find((one) => stderr.trimEnd().endsWith(one));
  if (text === undefined) return nodeError('EIO', stderr.trim(), syscall, path);
  return nodeError(names[text] as ErrorName, text.toLowerCase(), syscall, path);
};
