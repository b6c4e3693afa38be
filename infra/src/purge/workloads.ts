import { InnkeeperError, isFinished, type OperationState } from '@innkeeper/model';
import { askApi, callApi, itemsOf } from '../api.ts';
import type { Ground } from '../setup/step.ts';

const removalLimitMs = 10 * 60_000;

interface Operation {
  readonly id: string;
  readonly state: OperationState;
  readonly error?: { readonly detail?: string; readonly causes?: readonly string[] };
}

const operationIn = (body: unknown): Operation | undefined =>
  typeof body === 'object' && body !== null && 'id' in body && 'state' in body ? (body as Operation) : undefined;

/** Foreign guests are in the same list and are nobody's to delete. */
const managedNames = async (socket: string): Promise<string[]> =>
  itemsOf(await askApi(socket, { path: '/v1/workloads' }))
    .filter((item) => item.managed !== false)
    .map((item) => String(item.name));

/** As it ended, or as it is when it waits for something or its time is over. */
const follow = async (socket: string, first: Operation): Promise<Operation> => {
  const path = `/v1/operations/${encodeURIComponent(first.id)}?wait=60s`;
  const limit = Date.now() + removalLimitMs;
  let now = first;
  while (!isFinished(now.state) && now.state !== 'waiting' && Date.now() < limit)
    now = operationIn(await askApi(socket, { path, timeoutMs: 70_000 })) ?? now;
  return now;
};

const reasonOf = ({ state, error }: Operation): string =>
  error?.detail === undefined
    ? `its removal is ${isFinished(state) ? state : `${state} still`}`
    : [error.detail, ...(error.causes ?? [])].join(': ');

/** Undefined when it is gone, else why not. */
const removeOne = async (socket: string, name: string): Promise<string | undefined> => {
  const path = `/v1/workloads/${encodeURIComponent(name)}?wait=120s`;
  const answer = await callApi(socket, { method: 'DELETE', path, timeoutMs: 130_000 });
  if (answer.status === 404) return undefined;
  const started = operationIn(answer.body);
  if (answer.status >= 300 || started === undefined) return `${name}: the control plane answered ${answer.status}`;
  const last = await follow(socket, started);
  return last.state === 'done' ? undefined : `${name}: ${reasonOf(last)}`;
};

/** Deletes every managed workload through the API, all at a time: the queue has its own limits. */
export const removeWorkloads = async ({ paths, report }: Ground): Promise<void> => {
  const names = await managedNames(paths.socket);
  if (names.length > 0) report.progress('workloads', `removing ${names.join(', ')}`);
  const failures = (await Promise.all(names.map((name) => removeOne(paths.socket, name)))).filter(
    (text) => text !== undefined,
  );
  if (failures.length > 0) throw new InnkeeperError('host_error', failures.join('; '));
  const rest = await managedNames(paths.socket);
  if (rest.length > 0) throw new InnkeeperError('host_error', `still there: ${rest.join(', ')}`);
  report.done('workloads', names.length === 0 ? 'there were none' : `removed ${names.join(', ')}`);
};
