import type { Client } from '@innkeeper/client';
import { InnkeeperError, type WorkloadSpec } from '@innkeeper/model';
import { finishAll } from './follow.ts';
import { holdOn } from './pipe.ts';
import { say } from './show/output.ts';

/** Whoever is killed before they can remove it leaves it for this long. */
const longest = '1d';

const isGone = (error: unknown): boolean => error instanceof InnkeeperError && error.code === 'not_found';

/** Asked for with the command's own exit code: only what cannot be removed is an error of its own. */
const remove = async (client: Client, name: string): Promise<void> => {
  try {
    await finishAll(client, [await client.remove(name)], true);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

/** Resolves with the exit code that a signal stands for; the second one ends this process as usual. */
const interrupted = (): { readonly signal: Promise<number>; readonly forget: () => void } => {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let forget = (): void => undefined;
  const signal = new Promise<number>((resolve) => {
    const heard = Object.entries(codes).map(([name, code]) => [name, () => resolve(code)] as const);
    for (const [name, hear] of heard) process.once(name, hear);
    forget = () => {
      for (const [name, hear] of heard) process.off(name, hear);
    };
  });
  return { signal, forget };
};

/**
 * Makes a workload, works with it, and removes it with everything, whatever happened in between. Throws `conflict` when
 * there is one of this name already: it would not be ours to remove.
 */
export const runDisposable = async (
  client: Client,
  { name, spec }: { readonly name: string; readonly spec: WorkloadSpec },
  work: () => Promise<void>,
): Promise<void> => {
  const there = await client.workload(name).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
  if (there !== undefined)
    throw new InnkeeperError('conflict', `There is a workload ${name} already: --rm would remove it`, {
      hint: 'leave --name out, or choose another',
    });
  const { signal, forget } = interrupted();
  const letGo = holdOn();
  try {
    const operation = await client.put(name, { ...spec, ephemeral: true, ttl: spec.ttl ?? longest });
    const made = (async () => {
      if (operation !== undefined) await finishAll(client, [operation], true);
      return undefined;
    })();
    // What is still being made when it is given up is told by its removal, which waits for it.
    made.catch(() => undefined);
    const code = await Promise.race([made, signal]);
    forget();
    if (code === undefined) await work();
    else {
      process.exitCode = code;
      say(`${name} is given up`);
      if (operation !== undefined) await client.cancel(operation.id).catch(() => undefined);
    }
  } finally {
    forget();
    await remove(client, name);
    letGo();
  }
};
