import { InnkeeperError } from '@innkeeper/model';

/** Where a host is reached. What is missing is what ssh and the user's own configuration of it say. */
export interface SshTarget {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** For messages: `ssh://user@host:port`. */
  readonly url: string;
}

/** None of these can begin an option of ssh or mean anything to its configuration. */
const word = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;
const address = /^\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?)\]$/;
const shape = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/@[\]]*)(?::([^/]*))?\/?$/;

const refuse = (value: string, wrong: string): never => {
  // What stands between the colon and the @ is shown to nobody.
  const shown = value.replace(/^(ssh:\/\/[^:@/]*):[^@]*@/, '$1:…@');
  throw new InnkeeperError('invalid', `"${shown}" is no address of a host: ${wrong}`, {
    hint: 'write ssh://user@host:port, where user and port may be left out',
  });
};

const portOf = (value: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : refuse(value, `"${text}" is no port, which is a number up to 65535`);
};

/** Reads `ssh://[user@]host[:port]`. Throws `invalid`, naming the value and what is wrong with it. */
export const parseTarget = (value: string): SshTarget => {
  if (/^ssh:\/\/[^@/]*:[^@/]*@/.test(value)) return refuse(value, 'it holds a password, and only keys are used');
  const parts = shape.exec(value);
  if (parts === null) return refuse(value, 'it has another form than ssh://user@host:port');
  const [, user, written = '', portText] = parts;
  if (user !== undefined && !word.test(user)) return refuse(value, `"${user}" is no name of a user`);
  const host = address.exec(written)?.[1] ?? written;
  if (host === written && !word.test(host)) return refuse(value, `"${host}" is no name of a host`);
  const port = portOf(value, portText);
  const url = `ssh://${user === undefined ? '' : `${user}@`}${written}${port === undefined ? '' : `:${port}`}`;
  return { host, user, port, url };
};

/** `user@host` as ssh wants it on its command line. */
export const destinationOf = ({ user, host }: SshTarget): string => (user === undefined ? host : `${user}@${host}`);
