import { isDatabaseAway } from '@innkeeper/inventory';
import {
  type ErrorCode,
  errorCodes,
  type InnkeeperError,
  messageChain,
  type Problem,
  toInnkeeperError,
} from '@innkeeper/model';

/** When to ask again after a 503. */
export const retryAfterSeconds = 5;

/** The one place where an error becomes a problem document (RFC 9457). Details for the log stay out of it. */
export const problemOf = (error: InnkeeperError): Problem & { code: ErrorCode } => {
  const { http, title } = errorCodes[error.code];
  const [, ...causes] = error.code === 'internal' ? [error.message] : messageChain(error);
  return {
    type: `urn:innkeeper:error:${error.code}`,
    title,
    status: http,
    code: error.code,
    detail: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.complaints.length === 0 ? {} : { errors: error.complaints.map((one) => ({ ...one })) }),
    ...(causes.length === 0 ? {} : { causes }),
  };
};

export const asProblem = (thrown: unknown): Problem & { code: ErrorCode } => {
  const error = toInnkeeperError(thrown);
  if (error.code === 'internal' && isDatabaseAway(thrown)) {
    return {
      type: 'urn:innkeeper:error:unavailable',
      title: errorCodes.unavailable.title,
      status: 503,
      code: 'unavailable',
      detail: 'The database does not answer',
      hint: 'guests run on; ask again in a few seconds',
    };
  }
  return problemOf(error);
};
