import { randomUUID } from 'node:crypto';
import type { Client } from '@innkeeper/client';
import type { OperationView, WorkloadSpec } from '@innkeeper/model';
import { guestPrefix } from '../integration/installation.ts';
import type { Planes } from './planes.ts';

export const name = `${guestPrefix}-one`;

/** What is done about a workload while something fails, and what is there when it is done. */
export interface Work {
  readonly name: string;
  /** Whether the workload is there before. */
  readonly before: 'nothing' | 'stopped' | 'running';
  /** Undefined where nothing is asked for: guests run by themselves. */
  readonly ask?: (client: Client, spec: WorkloadSpec, key: string) => Promise<OperationView | undefined>;
  readonly after: 'nothing' | 'stopped' | 'running';
  /** In the end its memory, as asked for. */
  readonly memoryBytes?: number;
}

const MiB = 2 ** 20;

export const works: readonly Work[] = [
  {
    name: 'create',
    before: 'nothing',
    ask: (client, spec, idempotencyKey) => client.put(name, spec, { idempotencyKey }),
    after: 'running',
  },
  {
    name: 'start',
    before: 'stopped',
    ask: (client, _spec, idempotencyKey) => client.act(name, 'start', { idempotencyKey }),
    after: 'running',
  },
  {
    name: 'stop',
    before: 'running',
    ask: (client, _spec, idempotencyKey) => client.act(name, 'stop', { idempotencyKey }),
    after: 'stopped',
  },
  {
    name: 'reconfigure',
    before: 'running',
    ask: (client, spec, idempotencyKey) => client.put(name, { ...spec, memory: '384MiB' }, { idempotencyKey }),
    after: 'running',
    memoryBytes: 384 * MiB,
  },
  {
    name: 'delete',
    before: 'running',
    ask: (client, _spec, idempotencyKey) => client.remove(name, { idempotencyKey }),
    after: 'nothing',
  },
  { name: 'idle', before: 'running', after: 'running' },
];

/** Follows an operation to its end, by whichever control plane answers. */
export const ended = async (planes: Planes, operation: OperationView): Promise<OperationView> => {
  let now = operation;
  const deadline = Date.now() + 180_000;
  while (now.finishedAt === undefined) {
    if (Date.now() > deadline) throw new Error(`${now.kind} is ${now.state} for three minutes: ${now.progress ?? ''}`);
    now = await planes.ask((client) => client.operation(now.id, '5s'));
  }
  return now;
};

/** Asks, with one key until somebody answers; undefined when there is nothing to do, or nothing there. */
export const asked = async (
  planes: Planes,
  question: (client: Client, key: string) => Promise<OperationView | undefined>,
): Promise<OperationView | undefined> => {
  const key = randomUUID();
  return planes.ask(async (client) => {
    try {
      return await question(client, key);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'not_found') return undefined;
      throw error;
    }
  });
};

/** Asks, and waits until it has ended as it should; throws when it ended in another way. */
export const done = async (
  planes: Planes,
  question: Parameters<typeof asked>[1],
  as: OperationView['state'] = 'done',
): Promise<OperationView | undefined> => {
  const operation = await asked(planes, question);
  if (operation === undefined) return undefined;
  const end = await ended(planes, operation);
  if (end.state !== as) throw new Error(`${operation.kind} is ${end.state}: ${end.error?.detail}`);
  return end;
};

/** Everything is well: what was there is removed, and what has to be there is made. */
export const prepare = async (planes: Planes, { before }: Work, spec: WorkloadSpec): Promise<void> => {
  if (before === 'nothing') return;
  await done(planes, (client, idempotencyKey) => client.put(name, spec, { idempotencyKey }));
  if (before === 'stopped')
    await done(planes, (client, idempotencyKey) => client.act(name, 'stop', { idempotencyKey }));
};

export const clear = async (planes: Planes): Promise<void> =>
  void (await done(planes, (client, idempotencyKey) => client.remove(name, { idempotencyKey })));
