import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  type CapacityView,
  type ErrorCode,
  type EventView,
  errorCodes,
  type Finding,
  type HostChange,
  type HostView,
  type ImageView,
  InnkeeperError,
  type LeaseView,
  type Manifest,
  type ManifestPlan,
  type MoveProposal,
  type NetworkSpec,
  type NetworkView,
  type NewHost,
  type OperationView,
  type PlacementRecord,
  type PlacementView,
  type PowerAction,
  type Problem,
  type ReplayView,
  type Role,
  type Rule,
  type RuleTest,
  type RuleVersion,
  type RuleView,
  type SavedPlacement,
  type TokenView,
  type WhatIf,
  type WhyNotView,
  type WorkloadSpec,
  type WorkloadView,
} from '@innkeeper/model';

/** Where the API is: its unix socket, or an address with a token. */
export type Target = { readonly socket: string } | { readonly url: string; readonly token: string };

export interface ChangeOptions {
  /** Hold the answer until done, at most this long, such as `30s`. */
  readonly wait?: string;
  readonly idempotencyKey?: string;
}

export interface Client {
  workloads(options?: { readonly stats?: boolean }): Promise<WorkloadView[]>;
  workload(name: string): Promise<WorkloadView>;
  /** Undefined when it is so already. */
  put(name: string, spec: WorkloadSpec, options?: ChangeOptions): Promise<OperationView | undefined>;
  act(name: string, action: PowerAction, options?: ChangeOptions): Promise<OperationView>;
  /** Of a workload that does not run. */
  rename(name: string, to: string, options?: ChangeOptions): Promise<OperationView>;
  remove(name: string, options?: ChangeOptions): Promise<OperationView>;
  /** What its console printed, as far as it is kept. */
  logs(name: string): Promise<Uint8Array>;
  screenshot(name: string): Promise<{ readonly bytes: Uint8Array; readonly type: string }>;
  /** Presses keys together, by their Linux names such as KEY_LEFTCTRL. */
  sendKeys(name: string, keys: readonly string[]): Promise<void>;
  explain(name: string): Promise<PlacementRecord>;
  whyNot(name: string, host: string): Promise<WhyNotView>;
  /** Without workloads: those that there are. */
  plan(manifest: Partial<Manifest>, whatIf?: WhatIf): Promise<ManifestPlan>;
  capacity(spec: WorkloadSpec, whatIf?: WhatIf): Promise<CapacityView>;
  rebalance(): Promise<MoveProposal[]>;
  placements(options?: { readonly workload?: string; readonly limit?: number }): Promise<SavedPlacement[]>;
  placement(id: string): Promise<PlacementView>;
  replay(id: string, rules: ReplayView['rules']): Promise<ReplayView>;
  rules(): Promise<RuleView[]>;
  ruleVersions(id: string): Promise<RuleVersion[]>;
  testRule(rule: Rule): Promise<RuleTest>;
  /** Undefined when it is so already. */
  putRule(rule: Rule): Promise<RuleView | undefined>;
  removeRule(id: string): Promise<void>;
  /** Ours, and those that hosts have without us. */
  networks(): Promise<NetworkView[]>;
  network(name: string): Promise<NetworkView>;
  leases(network: string): Promise<LeaseView[]>;
  /** Undefined when it is so already. */
  putNetwork(name: string, spec: NetworkSpec): Promise<NetworkView | undefined>;
  removeNetwork(name: string): Promise<void>;
  operations(limit?: number): Promise<OperationView[]>;
  operation(id: string, wait?: string): Promise<OperationView>;
  cancel(id: string): Promise<OperationView>;
  hosts(): Promise<HostView[]>;
  host(name: string): Promise<HostView>;
  addHost(host: NewHost): Promise<HostView>;
  removeHost(name: string): Promise<void>;
  changeHost(name: string, change: HostChange): Promise<HostView>;
  images(): Promise<ImageView[]>;
  doctor(): Promise<Finding[]>;
  tokens(): Promise<TokenView[]>;
  createToken(name: string, role: Role): Promise<TokenView & { token: string }>;
  /** Events from now on, or after an id; ends with the signal or the connection. */
  events(signal: AbortSignal, after?: string): AsyncIterable<EventView>;
}

interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** How a connection is made; also used by the streams. */
export const connectionOf = (
  target: Target,
): { readonly socketPath?: string; readonly base: string; readonly headers: Record<string, string> } =>
  'socket' in target
    ? { socketPath: target.socket, base: 'http://localhost', headers: {} }
    : { base: target.url.replace(/\/$/, ''), headers: { authorization: `Bearer ${target.token}` } };

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;

/** A problem document as the error that it was on the other side. */
export const errorOf = (problem: Problem): InnkeeperError =>
  new InnkeeperError((problem.code in errorCodes ? problem.code : 'internal') as ErrorCode, problem.detail, {
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    complaints: (problem.errors ?? []).map(({ path, message, hint }) => ({
      path,
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
    ...(problem.causes === undefined ? {} : { cause: new Error(problem.causes.join(': ')) }),
  });

const down = (cause: unknown): InnkeeperError => {
  const denied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
  return denied
    ? new InnkeeperError('forbidden', 'This user may not talk to Innkeeper', {
        cause,
        hint: 'use sudo, or join the group: sudo usermod -aG innkeeper $USER',
      })
    : new InnkeeperError('unavailable', 'Innkeeper is not running', {
        cause,
        hint: 'start it: inn up (in the clone: npm run up)',
      });
};

const open = (target: Target, path: string, asking: Asking): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { socketPath, base, headers } = connectionOf(target);
    const body = asking.body === undefined ? undefined : JSON.stringify(asking.body);
    const request = httpRequest(
      `${base}${path}`,
      {
        method: asking.method ?? 'GET',
        // A kept connection that the server closes after five idle seconds fails the next request of a busy client.
        agent: false,
        ...(socketPath === undefined ? {} : { socketPath }),
        ...(asking.signal === undefined ? {} : { signal: asking.signal }),
        headers: {
          ...headers,
          ...asking.headers,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      resolve,
    );
    request.on('error', (error) => reject(asking.signal?.aborted === true ? error : down(error)));
    request.end(body);
  });

const bodyOf = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** For answers that are no JSON. */
const fetchBytes = async (target: Target, path: string): Promise<{ bytes: Uint8Array; type: string }> => {
  const response = await open(target, path, {});
  const bytes = await bodyOf(response);
  const type = response.headers['content-type'] ?? '';
  if ((response.statusCode ?? 500) < 400) return { bytes, type };
  throw errorOf(JSON.parse(bytes.toString('utf8')) as Problem);
};

const ask = async <T>(target: Target, path: string, asking: Asking = {}): Promise<T> => {
  const response = await open(target, path, asking);
  const text = (await bodyOf(response)).toString('utf8');
  if (response.statusCode === 204) return undefined as T;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InnkeeperError('internal', `The answer of ${path} is not JSON`, { cause, detail: text.slice(0, 500) });
  }
  if ((response.statusCode ?? 500) >= 400)
    throw isProblem(value) ? errorOf(value) : new InnkeeperError('internal', `${path} answered ${response.statusCode}`);
  return value as T;
};

async function* readEvents(target: Target, signal: AbortSignal, after: string | undefined): AsyncIterable<EventView> {
  const response = await open(target, '/v1/events', {
    signal,
    headers: { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) },
  });
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    rest += String(chunk);
    const messages = rest.split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = message.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
      if (data.length > 0) yield JSON.parse(data.join('\n')) as EventView;
    }
  }
}

const changeQuery = ({ wait }: ChangeOptions): string =>
  wait === undefined ? '' : `?wait=${encodeURIComponent(wait)}`;
const changeHeaders = ({ idempotencyKey }: ChangeOptions): Record<string, string> =>
  idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };

/** The API as functions. Every failure is the InnkeeperError that the control plane meant. */
export const createClient = (target: Target): Client => {
  const items = async <T>(path: string): Promise<T[]> => (await ask<{ items: T[] }>(target, path)).items;
  const at = (name: string): string => `/v1/workloads/${encodeURIComponent(name)}`;
  const hostAt = (name: string): string => `/v1/hosts/${encodeURIComponent(name)}`;
  const networkAt = (name: string): string => `/v1/networks/${encodeURIComponent(name)}`;
  const ruleAt = (id: string): string => `/v1/rules/${encodeURIComponent(id)}`;
  return {
    workloads: ({ stats } = {}) => items(`/v1/workloads${stats === true ? '?stats=true' : ''}`),
    workload: (name) => ask(target, at(name)),
    put: (name, spec, options = {}) =>
      ask(target, `${at(name)}${changeQuery(options)}`, { method: 'PUT', body: spec, headers: changeHeaders(options) }),
    act: (name, action, options = {}) =>
      ask(target, `${at(name)}/${action}${changeQuery(options)}`, { method: 'POST', headers: changeHeaders(options) }),
    rename: (name, to, options = {}) =>
      ask(target, `${at(name)}/rename${changeQuery(options)}`, {
        method: 'POST',
        body: { name: to },
        headers: changeHeaders(options),
      }),
    remove: (name, options = {}) =>
      ask(target, `${at(name)}${changeQuery(options)}`, { method: 'DELETE', headers: changeHeaders(options) }),
    logs: async (name) => (await fetchBytes(target, `${at(name)}/logs`)).bytes,
    screenshot: (name) => fetchBytes(target, `${at(name)}/screenshot`),
    sendKeys: (name, keys) => ask(target, `${at(name)}/keys`, { method: 'POST', body: { keys } }),
    explain: (name) => ask(target, `${at(name)}/explain`),
    whyNot: (name, host) => ask(target, `${at(name)}/why-not?host=${encodeURIComponent(host)}`),
    plan: (manifest, whatIf = {}) => ask(target, '/v1/plan', { method: 'POST', body: { ...manifest, ...whatIf } }),
    capacity: (spec, whatIf = {}) => ask(target, '/v1/capacity', { method: 'POST', body: { spec, ...whatIf } }),
    rebalance: () => items('/v1/rebalance'),
    placements: ({ workload, limit = 50 } = {}) =>
      items(
        `/v1/placements?limit=${limit}${workload === undefined ? '' : `&workload=${encodeURIComponent(workload)}`}`,
      ),
    placement: (id) => ask(target, `/v1/placements/${encodeURIComponent(id)}`),
    replay: (id, rules) =>
      ask(target, `/v1/placements/${encodeURIComponent(id)}/replay?rules=${rules}`, { method: 'POST' }),
    rules: () => items('/v1/rules'),
    ruleVersions: (id) => items(`${ruleAt(id)}/versions`),
    testRule: (rule) => ask(target, '/v1/rules/test', { method: 'POST', body: rule }),
    putRule: (rule) => ask(target, ruleAt(rule.id), { method: 'PUT', body: rule }),
    removeRule: (id) => ask(target, ruleAt(id), { method: 'DELETE' }),
    networks: () => items('/v1/networks'),
    network: (name) => ask(target, networkAt(name)),
    leases: (network) => items(`${networkAt(network)}/leases`),
    putNetwork: (name, spec) => ask(target, networkAt(name), { method: 'PUT', body: spec }),
    removeNetwork: (name) => ask(target, networkAt(name), { method: 'DELETE' }),
    operations: (limit = 50) => items(`/v1/operations?limit=${limit}`),
    operation: (id, wait) =>
      ask(target, `/v1/operations/${encodeURIComponent(id)}${wait === undefined ? '' : `?wait=${wait}`}`),
    cancel: (id) => ask(target, `/v1/operations/${encodeURIComponent(id)}/cancel`, { method: 'POST' }),
    hosts: () => items('/v1/hosts'),
    host: (name) => ask(target, hostAt(name)),
    addHost: (host) => ask(target, '/v1/hosts', { method: 'POST', body: host }),
    removeHost: (name) => ask(target, hostAt(name), { method: 'DELETE' }),
    changeHost: (name, change) => ask(target, hostAt(name), { method: 'PATCH', body: change }),
    images: () => items('/v1/images'),
    doctor: () => items('/v1/doctor'),
    tokens: () => items('/v1/tokens'),
    createToken: (name, role) => ask(target, '/v1/tokens', { method: 'POST', body: { name, role } }),
    events: (signal, after) => readEvents(target, signal, after),
  };
};
