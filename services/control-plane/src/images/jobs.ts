import { setTimeout as delay } from 'node:timers/promises';
import { InnkeeperError, toInnkeeperError } from '@innkeeper/model';
import type { Logger } from 'pino';

const stopMs = 5000;
/** How long the reason of a failure is told to who asks for it. */
const keepFailureMs = 10 * 60_000;

/** An import, pull or refresh of an image. */
export interface ImageJob {
  readonly what: 'import' | 'refresh';
  readonly progress: string;
  readonly running: boolean;
  readonly error: InnkeeperError | undefined;
}

export interface JobTools {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/**
 * Long work with images, in this process. Nothing of it is stored: when the process ends in the middle, what was fetched is gone on
 * with by who asks again, and nothing half done was ever to be seen.
 */
export interface ImageJobs {
  /** Throws `busy` while there is one for the name. */
  begin(name: string, what: ImageJob['what'], work: (tools: JobTools) => Promise<void>): void;
  of(name: string): ImageJob | undefined;
  /** Until it has ended, however, at most so long. */
  wait(name: string, ms: number): Promise<void>;
  /** Ends all of them. */
  stop(): Promise<void>;
}

interface Entry {
  readonly what: ImageJob['what'];
  progress: string;
  running: boolean;
  error: InnkeeperError | undefined;
  endedAt: number;
  ended: Promise<void>;
}

export const openImageJobs = (log: Pick<Logger, 'warn' | 'error'>): ImageJobs => {
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();

  const run = async (name: string, entry: Entry, work: (tools: JobTools) => Promise<void>): Promise<void> => {
    const progress = (text: string): void => {
      entry.progress = text;
    };
    try {
      await work({ signal: stopping.signal, progress });
      entries.delete(name);
    } catch (error) {
      entry.error = toInnkeeperError(error);
      if (entry.error.code === 'internal' && !stopping.signal.aborted)
        log.error({ err: error, image: name }, 'an image failed');
      else log.warn({ image: name, why: entry.error.message }, 'an image was not brought');
    } finally {
      entry.running = false;
      entry.endedAt = Date.now();
    }
  };

  const current = (name: string): Entry | undefined => {
    const entry = entries.get(name);
    if (entry === undefined || entry.running || Date.now() - entry.endedAt < keepFailureMs) return entry;
    entries.delete(name);
    return undefined;
  };

  return {
    begin: (name, what, work) => {
      const before = current(name);
      if (before?.running === true)
        throw new InnkeeperError('busy', `The image ${name} is being fetched already: ${before.progress}`, {
          hint: `inn image show ${name} says how far it is`,
        });
      const ended = Promise.resolve();
      const entry: Entry = { what, progress: 'beginning', running: true, error: undefined, endedAt: 0, ended };
      entries.set(name, entry);
      entry.ended = run(name, entry, work);
    },
    of: (name) => current(name),
    wait: async (name, ms) => {
      const entry = entries.get(name);
      if (entry === undefined || ms <= 0) return;
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([entry.ended, patience]);
      clearTimeout(timer);
    },
    stop: async () => {
      stopping.abort();
      const all = Promise.all([...entries.values()].map(({ ended }) => ended));
      // One that waits for the lock of another process hears of it late.
      await Promise.race([all, delay(stopMs, undefined, { ref: false })]);
    },
  };
};
