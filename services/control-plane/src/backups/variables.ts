import { invalidInput } from '@innkeeper/model';

/** What reaches a server may say; restic would run programs for others (RESTIC_PASSWORD_COMMAND), and the loader as well. */
const allowed = /^(AWS_[A-Z0-9_]+|RESTIC_REST_(USERNAME|PASSWORD)|(HTTP|HTTPS|NO)_PROXY)$/;

const refused = (line: number, message: string) =>
  invalidInput([{ path: 'variablesFile', message: `line ${line} ${message}` }]);

/**
 * Lines `NAME=VALUE`; empty ones, and those that begin with a #, say nothing. Throws `invalid` for another line, naming its number and
 * nothing of what is in it.
 */
export const variablesOf = (text: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw refused(at + 1, 'is not NAME=VALUE');
    if (!allowed.test(name))
      throw refused(
        at + 1,
        'is none of AWS_…, RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD, HTTP_PROXY, HTTPS_PROXY, NO_PROXY',
      );
    found[name] = value.trim();
  }
  return found;
};
