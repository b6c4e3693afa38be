import type { Host } from '@innkeeper/host';
import { type ImageVariant, InnkeeperError } from '@innkeeper/model';
import type { z } from 'zod';
import { below, chooseFile, type ServerFile, streamsIndex, streamsProducts } from './simplestreams.ts';

/** That of Ubuntu's daily images has 10 MB. */
const largestList = 64 * 2 ** 20;
const listTimeoutMs = 120_000;

const away = (url: string, cause: unknown): InnkeeperError =>
  new InnkeeperError('unavailable', `server: ${url} could not be fetched`, {
    cause: cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause,
    hint: 'see whether the address is right: it has to have streams/v1/index.json',
  });

const textOf = async (url: string, signal: AbortSignal): Promise<string> => {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw away(url, error);
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new InnkeeperError(
      response.status < 500 ? 'not_found' : 'unavailable',
      `server: ${url} answers ${response.status}`,
      {
        hint: 'the address of a simplestreams server is needed: it has streams/v1/index.json',
      },
    );
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > largestList)
        throw new InnkeeperError('too_large', `server: ${url} has more than ${largestList} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof InnkeeperError) throw error;
    throw away(url, error);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const listOf = async <T extends z.ZodType>(schema: T, url: string, signal: AbortSignal): Promise<z.output<T>> => {
  const text = await textOf(url, signal);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new InnkeeperError('invalid', `server: ${url} is no list of simplestreams`, {
      hint: 'the address of a simplestreams server is needed: it has streams/v1/index.json',
    });
  }
};

/** Asks a simplestreams server for the newest file of an image, for the architecture of a host. */
export const askServer = async (
  host: Host,
  server: string,
  wanted: { readonly image: string; readonly variant?: ImageVariant | undefined },
  signal: AbortSignal,
): Promise<ServerFile> => {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(listTimeoutMs)]);
  const { index } = await listOf(streamsIndex, below(server, 'streams/v1/index.json'), bounded);
  const paths = Object.values(index)
    .filter(({ datatype }) => datatype === undefined || datatype === 'image-downloads')
    .map(({ path }) => path);
  const lists = [];
  for (const path of new Set(paths)) lists.push(await listOf(streamsProducts, below(server, path), bounded));
  const machine = (await host.run(['uname', '-m'])).stdout.trim();
  return chooseFile(server, lists, { ...wanted, machine });
};
