import { createHash } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { formatSize, InnkeeperError } from '@innkeeper/model';
import type { Work } from './work.ts';

/** A server that cuts more often than this without a byte in between is away. */
const mostFailures = 5;
/** One that begins anew each time would be asked for ever. */
const mostConnections = 100;
const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** Without a byte for so long, a connection is taken for lost. */
const stalledMs = 60_000;
const reportEveryMs = 500;

export interface Download {
  readonly url: string;
  /** Beside its end, as a check; and to go on with what an earlier process has left. */
  readonly sha256?: string | undefined;
  /** Refuses before a byte of the body is read; undefined lets it. */
  readonly requireRoom: (bytes: number) => Promise<void>;
  readonly pauseMs?: number;
}

export interface Fetched {
  readonly sha256: string;
  /** ETag or date of the server, by which it says whether there is another one. */
  readonly validator: string | undefined;
}

export const sha256Of = async (file: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest('hex');
};

/** Copies a file of this machine, as it is now: whoever changes it later changes nothing of what was checked. Throws `invalid` for what is no file. */
export const copyFileOfMachine = async (path: string, part: string, work: Work & Pick<Download, 'requireRoom'>) => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? 'there is no such file on the machine of the control plane' : 'it cannot be read';
    throw new InnkeeperError('invalid', `source: ${path.slice(0, 200)}: ${why}`, {
      hint: 'an absolute path of a file on the machine that Innkeeper runs on, or an http or https address',
    });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new InnkeeperError('invalid', `source: ${path.slice(0, 200)} is no file`);
    // Also those that the kernel makes up, which say no size.
    if (facts.size === 0) throw new InnkeeperError('invalid', `source: ${path.slice(0, 200)} is empty`);
    if (facts.size > work.limitBytes) throw tooLarge(facts.size, work.limitBytes);
    await work.requireRoom(facts.size);
    work.progress(`copying ${formatSize(facts.size)}`);
    const hash = createHash('sha256');
    await pipeline(
      handle.createReadStream({ autoClose: false, end: facts.size - 1 }),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(part, { mode: 0o600 }),
      { signal: work.signal },
    );
    return { sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
};

const tooLarge = (bytes: number, limit: number): InnkeeperError =>
  new InnkeeperError('too_large', `source: it has ${bytes} bytes; up to ${limit} are taken`, {
    hint: 'INNKEEPER_IMAGE_BYTES raises the limit, where the image is to be trusted',
  });

const refused = (url: string, status: number): InnkeeperError =>
  new InnkeeperError(
    status === 404 || status === 410 ? 'not_found' : 'invalid',
    `source: ${url.slice(0, 300)} answers ${status}`,
    { hint: 'see whether the address is right: curl -I shows what is there' },
  );

const validatorOf = ({ headers }: Response): string | undefined => {
  const etag = headers.get('etag');
  // A weak one says that the meaning is the same, not the bytes. [RFC 9110, 8.8.1]
  if (etag !== null && !etag.startsWith('W/')) return etag;
  return headers.get('last-modified') ?? undefined;
};

const sizeNow = async (part: string): Promise<number> => (await stat(part).catch(() => undefined))?.size ?? 0;

/** What is known of a part: kept beside it, so that another process can go on with it. */
interface PartNote {
  readonly url: string;
  readonly validator?: string | undefined;
}

const noteOf = (part: string): string => `${part}.json`;
const readNote = async (part: string): Promise<PartNote | undefined> =>
  readFile(noteOf(part), 'utf8').then(
    (text) => JSON.parse(text) as PartNote,
    () => undefined,
  );

export const removePart = async (part: string): Promise<void> => {
  await rm(part, { force: true });
  await rm(noteOf(part), { force: true });
};

interface Answer {
  readonly response: Response;
  /** Where its body begins. */
  readonly from: number;
  readonly total: number | undefined;
}

const lengthOf = (text: string | null | undefined): number | undefined =>
  text !== null && text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

/** Asks for what is missing; an answer from the beginning is as good. */
const askFor = async (
  url: string,
  have: number,
  validator: string | undefined,
  signal: AbortSignal,
): Promise<Answer> => {
  const range =
    have === 0 ? {} : { range: `bytes=${have}-`, ...(validator === undefined ? {} : { 'if-range': validator }) };
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity', ...range }, signal });
  if (response.status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (Number(from) === have) return { response, from: have, total: lengthOf(total) };
    await response.body?.cancel();
    throw new Error('another part than the one that was asked for came');
  }
  return { response, from: 0, total: response.ok ? lengthOf(response.headers.get('content-length')) : undefined };
};

/** Fires when nobody has said for a minute that a byte came. */
const watchStall = () => {
  const lost = new AbortController();
  const set = () => setTimeout(() => lost.abort(new Error('no byte came for a minute')), stalledMs);
  let timer = set();
  return {
    signal: lost.signal,
    again: (): void => {
      clearTimeout(timer);
      timer = set();
    },
    end: (): void => clearTimeout(timer),
  };
};

const report = (work: Work, total: number | undefined) => {
  let [saidAt, saidBytes] = [Date.now(), -1];
  return (bytes: number): void => {
    const now = Date.now();
    if (saidBytes >= 0 && now - saidAt < reportEveryMs) return;
    const speed =
      saidBytes < 0 ? '' : `, ${formatSize(Math.round(((bytes - saidBytes) * 1000) / (now - saidAt || 1)))}/s`;
    const of = total === undefined ? '' : ` of ${formatSize(total)} (${Math.floor((bytes * 100) / (total || 1))} %)`;
    work.progress(`downloading: ${formatSize(bytes)}${of}${speed}`);
    [saidAt, saidBytes] = [now, bytes];
  };
};

/** One connection; resolves when the file is whole, and throws when it was cut. */
const goOn = async (part: string, { url, sha256, requireRoom }: Download, work: Work): Promise<string | undefined> => {
  const note = await readNote(part);
  const known = note?.url === url && (note.validator !== undefined || sha256 !== undefined);
  const have = known ? await sizeNow(part) : 0;
  const stalled = watchStall();
  try {
    const { response, from, total } = await askFor(
      url,
      have,
      note?.validator,
      AbortSignal.any([work.signal, stalled.signal]),
    );
    // Nothing is missing, or the part is longer than what there is now: its checksum tells.
    if (response.status === 416) {
      await response.body?.cancel();
      if (/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] === String(have)) return note?.validator;
      await removePart(part);
      throw new Error('what was fetched is longer than the file');
    }
    if (!response.ok) {
      await response.body?.cancel();
      if (response.status < 500 && response.status !== 429) throw refused(url, response.status);
      throw new Error(`the server answers ${response.status}`);
    }
    if (total !== undefined && total > work.limitBytes) throw tooLarge(total, work.limitBytes);
    await requireRoom((total ?? 0) - from);
    const validator = validatorOf(response);
    await writeFile(noteOf(part), JSON.stringify({ url, validator } satisfies PartNote), { mode: 0o600 });
    const say = report(work, total);
    let bytes = from;
    await pipeline(
      async function* () {
        for await (const chunk of response.body ?? []) {
          stalled.again();
          bytes += chunk.length;
          if (bytes > work.limitBytes) throw tooLarge(bytes, work.limitBytes);
          say(bytes);
          yield chunk;
        }
      },
      createWriteStream(part, { flags: from === 0 ? 'w' : 'a', mode: 0o600 }),
      { signal: work.signal },
    );
    if (total !== undefined && bytes < total) throw new Error(`the connection ended after ${bytes} of ${total} bytes`);
    return validator;
  } finally {
    stalled.end();
  }
};

/**
 * Fetches an address to a file. A cut is asked for the rest, by Range, as often as bytes go on coming; also what a process that
 * was killed has left, when the server or a checksum says that it is of the same file. Throws `unavailable` when the server is away,
 * `not_found` or `invalid` when it refuses, `too_large` beyond the limit.
 */
export const download = async (part: string, wanted: Download, work: Work): Promise<Fetched> => {
  const { url, pauseMs = firstPauseMs } = wanted;
  let failures = 0;
  for (let connections = 1; ; connections += 1) {
    const before = await sizeNow(part);
    try {
      const validator = await goOn(part, wanted, work);
      work.progress('checking the checksum');
      return { sha256: await sha256Of(part, work.signal), validator };
    } catch (error) {
      work.signal.throwIfAborted();
      if (error instanceof InnkeeperError) throw error;
      failures = (await sizeNow(part)) > before ? 0 : failures + 1;
      if (failures >= mostFailures || connections >= mostConnections)
        throw new InnkeeperError('unavailable', `source: ${url.slice(0, 300)} could not be fetched`, {
          cause: error instanceof Error && error.cause instanceof Error ? error.cause : error,
          hint: 'ask again when the server is back',
        });
      work.progress('the connection was lost; asking for the rest');
      await delay(Math.min(longestPauseMs, pauseMs * 2 ** failures), undefined, { signal: work.signal });
    }
  }
};
