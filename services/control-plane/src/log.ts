import { type DestinationStream, type Logger, pino } from 'pino';

interface Serialized {
  message?: unknown;
  stack?: unknown;
  cause?: unknown;
  [key: string]: unknown;
}

/** What errors of the database quote of rows and parameters: specifications with first boots, hashes of tokens. */
const quoting = ['params', 'parameters', 'args', 'detail', 'where'];

/** Drizzle writes parameters behind its message, which stands in the stack as well. */
const withoutParameters = (message: string): string => message.split('\nparams: ')[0] ?? '';

const cleaned = (error: Serialized): Serialized => {
  const { message, stack, cause } = error;
  const isQuery = 'params' in error || 'severity' in error;
  const kept = Object.fromEntries(Object.entries(error).filter(([key]) => !isQuery || !quoting.includes(key)));
  if (typeof message === 'string' && 'params' in error) {
    kept.message = withoutParameters(message);
    if (typeof stack === 'string') kept.stack = stack.replace(message, () => withoutParameters(message));
  }
  return typeof cause === 'object' && cause !== null ? { ...kept, cause: cleaned(cause as Serialized) } : kept;
};

/** An error as it stands in the log: with its causes, and without what the database quotes of secrets. */
export const errorForLog = (thrown: unknown): unknown =>
  thrown instanceof Error ? cleaned(pino.stdSerializers.errWithCause(thrown) as unknown as Serialized) : thrown;

/** The control plane's log, as lines of JSON; on standard output unless a destination is given. */
export const createLog = (level: string, destination?: DestinationStream): Logger => {
  const options = { level, serializers: { err: errorForLog }, redact: ['*.token', '*.authorization'] };
  return destination === undefined ? pino(options) : pino(options, destination);
};
