/**
 * Every way in which Innkeeper refuses or fails. The set is closed: API, command and page map each code once.
 * `invalid` and `unplaceable` are the user's to mend, `transient` and `unavailable` go away when asked again.
 */
export const errorCodes = {
  invalid: { http: 400, exit: 2, title: 'The request is not valid' },
  unauthenticated: { http: 401, exit: 4, title: 'Who is asking is not known' },
  forbidden: { http: 403, exit: 4, title: 'Not allowed' },
  not_found: { http: 404, exit: 3, title: 'No such thing' },
  conflict: { http: 409, exit: 2, title: 'Something else stands in the way' },
  busy: { http: 409, exit: 5, title: 'Another operation is running' },
  too_large: { http: 413, exit: 2, title: 'The request is too large' },
  unsupported: { http: 422, exit: 2, title: 'This backend cannot do that' },
  unplaceable: { http: 422, exit: 2, title: 'No host and backend fits' },
  fenced: { http: 409, exit: 1, title: 'Another process has taken over' },
  cancelled: { http: 409, exit: 1, title: 'The operation was cancelled' },
  transient: { http: 503, exit: 5, title: 'Try again' },
  unavailable: { http: 503, exit: 5, title: 'Not available' },
  host_error: { http: 502, exit: 1, title: 'The host failed' },
  internal: { http: 500, exit: 1, title: 'A defect in Innkeeper' },
} as const satisfies Record<string, { http: number; exit: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** One thing that is wrong with an input: where, what was found, what would be right. */
export interface Complaint {
  /** Path of the field, such as `workloads.wiki.memory`. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

export interface ErrorParts {
  /** For the log only: never shown to a user. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** What to do next, as a sentence. */
  readonly hint?: string;
  readonly complaints?: readonly Complaint[];
}

/** The one error class. `message` is for the user: what was attempted on which object. */
export class InnkeeperError extends Error {
  override readonly name = 'InnkeeperError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly complaints: readonly Complaint[];

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.detail = parts.detail;
    this.hint = parts.hint;
    this.complaints = parts.complaints ?? [];
  }
}

/** Whether a complaint is that a disk, or what may be used of it, is full. [errno(3): ENOSPC, EDQUOT] */
export const isDiskFull = (complaint: string): boolean =>
  /no space left on device|disk quota exceeded/i.test(complaint);

export const diskFullHint =
  'make room first: inn snapshot rm, inn image rm, inn rm; inn host show says how much there is';

/** Turns whatever was thrown into an InnkeeperError; what is not one becomes `internal`, but for a disk that is full. */
export const toInnkeeperError = (thrown: unknown): InnkeeperError => {
  if (thrown instanceof InnkeeperError) return thrown;
  if (thrown instanceof Error && 'code' in thrown && isDiskFull(thrown.message))
    return new InnkeeperError('host_error', 'There is no space left on the disk', {
      cause: thrown,
      hint: diskFullHint,
    });
  return new InnkeeperError('internal', 'Something went wrong inside Innkeeper', {
    cause: thrown,
    detail: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  });
};

/** The message and the messages of its causes, outermost first; none repeats its cause. */
export const messageChain = (error: unknown): string[] => {
  const messages: string[] = [];
  for (let current = error; current instanceof Error && messages.length < 10; current = current.cause)
    messages.push(current.message);
  return messages;
};
