import { InnkeeperError } from '@innkeeper/model';

/** One end of a copy: on this machine, or in a guest. */
export interface Place {
  /** Undefined for this machine. */
  readonly workload: string | undefined;
  /** `-` on this machine is standard input or output. */
  readonly path: string;
}

/** `web:/etc/hosts` is in a guest; what has a slash before its colon, or none, is here. */
export const placeOf = (text: string): Place => {
  const match = /^([a-z][a-z0-9-]*):(.*)$/.exec(text);
  if (match === null) return { workload: undefined, path: text };
  const [, workload = '', path = ''] = match;
  if (!path.startsWith('/'))
    throw new InnkeeperError('invalid', `${text}: a path in a guest begins with a slash, such as ${workload}:/root/`);
  return { workload, path };
};

/** The last part of a path, whether or not it ends in a slash. */
export const lastPart = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? '';

/** The folder that holds it. */
export const folderOf = (path: string): string => {
  const parts = path.replace(/\/+$/, '').split('/');
  return parts.slice(0, -1).join('/') || '/';
};
