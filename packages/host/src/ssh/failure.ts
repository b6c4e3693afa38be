import { InnkeeperError } from '@innkeeper/model';
import { destinationOf, type SshTarget } from './target.ts';

const perlMissing = /perl: (?:command )?not found|perl: No such file/;
const keyChanged = /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for \S+ has changed/i;
const keyUnknown = /host key is known for|Host key verification failed/;
const loginRefused = /Permission denied \([^)]*\)|Too many authentication failures/;

/** How a person logs in once by hand, which is when ssh asks whether the key is right. */
const byHand = (target: SshTarget): string =>
  ['ssh', ...(target.port === undefined ? [] : ['-p', String(target.port)]), destinationOf(target)].join(' ');

/** As ssh writes a host into known_hosts. */
const knownAs = ({ host, port }: SshTarget): string =>
  port === undefined || port === 22 ? host : `'[${host}]:${port}'`;

const reasonOf = (stderr: string): string => {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^ssh: /, '').trim())
    .filter((line) => line !== '');
  return lines.at(-1) ?? 'ssh gave no reason';
};

/**
 * Why ssh ran nothing, from what it wrote: `transient` when the host may come back by itself, `unavailable` when somebody
 * has to do something first.
 */
export const sshFailure = (target: SshTarget, stderr: string): InnkeeperError => {
  const { url } = target;
  const detail = { detail: stderr.trim() };
  if (keyChanged.test(stderr)) {
    return new InnkeeperError(
      'unavailable',
      `The host key of ${url} has changed: this may be another machine. If it was set up anew: ssh-keygen -R ${knownAs(target)}, then once ${byHand(target)}`,
      detail,
    );
  }
  if (keyUnknown.test(stderr)) {
    return new InnkeeperError(
      'unavailable',
      `The host key of ${url} is not known: compare and accept it by running once ${byHand(target)}`,
      detail,
    );
  }
  if (loginRefused.test(stderr)) {
    return new InnkeeperError(
      'unavailable',
      `${url} refuses the login: put the public key of the user who runs Innkeeper into its authorized_keys`,
      detail,
    );
  }
  if (perlMissing.test(stderr)) {
    return new InnkeeperError('unavailable', `${url} has no perl, which Debian has in its package perl-base`, detail);
  }
  return new InnkeeperError('transient', `Cannot connect to ${url}: ${reasonOf(stderr)}`, detail);
};

/** The program had begun; whether it did its work nobody knows, except that it has been told to end. */
export const connectionLost = (target: SshTarget, program: string, stderr: string): InnkeeperError =>
  new InnkeeperError('transient', `The connection to ${target.url} was lost while ${program} ran`, {
    detail: stderr.trim(),
  });
