import { listEventsAfter, newestEventId, ping } from '@innkeeper/inventory';
import { streamSSE } from 'hono/streaming';
import { isStillKnown } from '../access/identity.ts';
import type { Control } from '../control.ts';
import { eventWaker, nextEvent } from '../wait.ts';
import type { App } from './app.ts';

const heartbeatMs = 15_000;
const perRead = 500;

/** Server-sent events with growing ids: a reader that comes back with `Last-Event-ID` misses nothing. */
export const addEvents = (app: App, control: Control): void => {
  app.get('/v1/events', async (c) => {
    const { db } = control.inventory;
    const identity = c.get('identity');
    const asked = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? Number.NaN);
    let last = Number.isSafeInteger(asked) && asked >= 0 ? asked : await newestEventId(db);
    // Whoever says where to go on from is told as well that the database is away, before anything is sent.
    if (Number.isSafeInteger(asked)) await ping(db);
    const emitter = await eventWaker(control);
    return streamSSE(c, async (stream) => {
      const open = new AbortController();
      let askAgainAt = Date.now() + heartbeatMs;
      stream.onAbort(() => open.abort());
      await stream.write(': innkeeper\n\n');
      while (!open.signal.aborted) {
        const woken = nextEvent(emitter, { ms: heartbeatMs, signal: open.signal });
        const events = await listEventsAfter(db, last, perRead, identity.scope);
        for (const event of events) {
          await stream.writeSSE({ id: event.id, event: event.kind, data: JSON.stringify(event) });
          last = Number(event.id);
        }
        if (events.length === perRead) continue;
        await woken;
        if (Date.now() >= askAgainAt) {
          if (!(await isStillKnown(db, identity))) return;
          askAgainAt = Date.now() + heartbeatMs;
        }
        await stream.write(': still here\n\n');
      }
    });
  });
};
