import { errorCodes, InnkeeperError, messageChain, toInnkeeperError } from '@innkeeper/model';
import { say } from './output.ts';
import { plain, red } from './style.ts';

/** One sentence, every complaint, what to do next. Sets the exit code of the error's kind (docs/exit-codes). */
export const reportFailure = (thrown: unknown): void => {
  const error = toInnkeeperError(thrown);
  say(
    `${red('error:')} ${plain(
      messageChain(error)
        .slice(0, error.code === 'unavailable' || error.code === 'forbidden' ? 1 : 3)
        .join(': '),
    )}`,
  );
  if (error.complaints.length > 1) {
    for (const { path, message, hint } of error.complaints)
      say(plain(`  ${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`));
  }
  if (error.hint !== undefined) say(`  ${plain(error.hint)}`);
  if (error.code === 'internal' && process.env.INNKEEPER_DEBUG !== undefined) say(error.detail ?? '');
  process.exitCode = errorCodes[error.code].exit;
};

export const notFoundFile = (path: string, cause: unknown): InnkeeperError =>
  new InnkeeperError('not_found', `${path} cannot be read`, { cause });
