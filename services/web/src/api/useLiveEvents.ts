import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { expireSession } from '../session/session.ts';
import { ApiError } from './ApiError.ts';
import { messageParser } from './eventStream.ts';
import { refresh } from './refresh.ts';
import { send } from './request.ts';

export type Liveness = 'connecting' | 'live' | 'lost';

const gatherMs = 300;
const firstPauseMs = 1_000;
const longestPauseMs = 15_000;
/** The control plane says something every 15 s; a connection that is silent for longer is dead. */
const silenceMs = 45_000;

interface Reader {
  readonly onOpen: () => void;
  readonly onEvent: () => void;
  lastId: string | undefined;
}

/** Reads one connection to its end. EventSource cannot send the token, hence fetch. */
const readOnce = async (reader: Reader, stop: AbortSignal): Promise<void> => {
  const silent = new AbortController();
  const signal = AbortSignal.any([stop, silent.signal]);
  let timer = setTimeout(() => silent.abort(), silenceMs);
  try {
    const headers = {
      accept: 'text/event-stream',
      ...(reader.lastId === undefined ? {} : { 'last-event-id': reader.lastId }),
    };
    const { body } = await send('/v1/events', { signal, headers });
    if (body === null) return;
    reader.onOpen();
    const feed = messageParser(({ id }) => {
      reader.lastId = id ?? reader.lastId;
      reader.onEvent();
    });
    const chunks = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let chunk = await chunks.read(); !chunk.done; chunk = await chunks.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
      feed(chunk.value);
    }
  } finally {
    clearTimeout(timer);
  }
};

const pause = (ms: number, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });

/** Reconnects with growing pauses until told to stop. */
const readForever = async (handlers: Omit<Reader, 'lastId'>, onLost: () => void, stop: AbortSignal): Promise<void> => {
  let pauseMs = firstPauseMs;
  const reader: Reader = {
    onEvent: handlers.onEvent,
    lastId: undefined,
    onOpen: () => {
      pauseMs = firstPauseMs;
      handlers.onOpen();
    },
  };
  while (!stop.aborted) {
    try {
      await readOnce(reader, stop);
    } catch (error) {
      if (stop.aborted) return;
      if (error instanceof ApiError && error.problem.status === 401) return expireSession(error.problem.detail);
    }
    if (stop.aborted) return;
    onLost();
    await pause(pauseMs, stop);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
};

/** Keeps every query fresh from the control plane's events; says whether they arrive. */
export const useLiveEvents = (): Liveness => {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The first event of a burst starts the clock: a stream that never pauses still refreshes.
    const refreshSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void refresh(client);
      }, gatherMs);
    };
    let wasOpen = false;
    const onOpen = (): void => {
      setLiveness('live');
      // Another control plane may have come, with another database: nothing is left out then.
      if (wasOpen) void client.invalidateQueries();
      else refreshSoon();
      wasOpen = true;
    };
    void readForever({ onOpen, onEvent: refreshSoon }, () => setLiveness('lost'), stop.signal);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [client]);
  return liveness;
};
