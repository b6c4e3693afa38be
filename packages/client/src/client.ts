import type {
  AdoptionView,
  AdoptRequest,
  AuditView,
  CapacityView,
  ConversionView,
  ConvertRequest,
  DrainPlan,
  DumpView,
  EventView,
  Finding,
  HostChange,
  HostView,
  ImageRequest,
  ImageView,
  LeaseView,
  Manifest,
  ManifestPlan,
  MeView,
  MoveProposal,
  NetworkSpec,
  NetworkView,
  NewClone,
  NewHost,
  NewPool,
  NewToken,
  OperationView,
  PlacementRecord,
  PlacementView,
  PoolView,
  PowerAction,
  RecoverRequest,
  RecoveryView,
  ReplayView,
  Rule,
  RuleTest,
  RuleVersion,
  RuleView,
  SavedPlacement,
  TokenView,
  WhatIf,
  WhyNotView,
  WorkloadDiff,
  WorkloadSpec,
  WorkloadView,
} from '@innkeeper/model';
import { type BackupCalls, backupCalls } from './backups.ts';
import { type ChangeOptions, changeHeaders, changeQuery, queryOf } from './change.ts';
import { type SnapshotCalls, snapshotCalls } from './snapshots.ts';
import { ask, fetchBytes, readEvents, type Target } from './transport.ts';

export interface AuditQuery {
  readonly workload?: string;
  readonly who?: string;
  /** How long ago, such as `1h`, or a time. */
  readonly since?: string;
  readonly before?: string;
  readonly limit?: number;
}

export interface Client extends SnapshotCalls, BackupCalls {
  workloads(options?: { readonly stats?: boolean }): Promise<WorkloadView[]>;
  workload(name: string): Promise<WorkloadView>;
  /** Undefined when it is so already. */
  put(name: string, spec: WorkloadSpec, options?: ChangeOptions): Promise<OperationView | undefined>;
  act(name: string, action: PowerAction, options?: ChangeOptions): Promise<OperationView>;
  /** Of a workload that does not run. */
  rename(name: string, to: string, options?: ChangeOptions): Promise<OperationView>;
  /** A workload that begins with a copy of what this one holds, or held. The operation is the new one's. */
  clone(name: string, clone: NewClone, options?: ChangeOptions): Promise<OperationView>;
  remove(name: string, options?: ChangeOptions): Promise<OperationView>;
  /** What adopting a foreign guest would be. `host` where its id is that of several. */
  adoption(id: string, host?: string): Promise<AdoptionView>;
  adopt(
    id: string,
    request: AdoptRequest,
    options?: ChangeOptions & { readonly host?: string },
  ): Promise<OperationView>;
  /** Gives an adopted guest back as it was. */
  release(name: string, options?: ChangeOptions): Promise<OperationView>;
  /** What converting a stopped classic container would be. */
  conversion(id: string, host?: string): Promise<ConversionView>;
  convert(
    id: string,
    request: ConvertRequest,
    options?: ChangeOptions & { readonly host?: string },
  ): Promise<OperationView>;
  /** Deletes what was kept of the classic container, or turns the workload back into it. */
  endConversion(name: string, how: 'confirm' | 'revert', options?: ChangeOptions): Promise<OperationView>;
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
  /** Asks once more for what failed or was cancelled; undefined when it is so already. */
  retry(id: string, options?: ChangeOptions): Promise<OperationView | undefined>;
  hosts(): Promise<HostView[]>;
  host(name: string): Promise<HostView>;
  addHost(host: NewHost): Promise<HostView>;
  removeHost(name: string): Promise<void>;
  /** Places that workloads stand on, of all hosts. */
  pools(): Promise<PoolView[]>;
  /** Makes a directory of a host a pool. */
  addPool(host: string, pool: NewPool): Promise<PoolView>;
  removePool(host: string, name: string): Promise<void>;
  /** In which order what runs there would be stopped. */
  drainPlan(name: string): Promise<DrainPlan>;
  /** `typed`: its name once more. */
  confirmDead(name: string, typed: string): Promise<HostView>;
  returnHost(name: string): Promise<HostView>;
  changeHost(name: string, change: HostChange): Promise<HostView>;
  /** Rebuilds what the inventory lacks from what the hosts say; without `apply` only says what that would be. */
  recover(request: RecoverRequest): Promise<RecoveryView>;
  /** What was asked of every workload against what is there. */
  diffs(): Promise<WorkloadDiff[]>;
  diff(name: string): Promise<WorkloadDiff>;
  /** Of the embedded database, newest first. */
  dumps(): Promise<DumpView[]>;
  createDump(): Promise<DumpView>;
  images(): Promise<ImageView[]>;
  /** Also one that is being fetched, or could not be. */
  image(name: string): Promise<ImageView>;
  /** Begins to import or pull an image, and waits at most as long as it is told to. */
  importImage(request: ImageRequest, options?: Pick<ChangeOptions, 'wait'>): Promise<ImageView>;
  /** Begins to fetch it anew, if its source has changed. */
  refreshImage(name: string, options?: Pick<ChangeOptions, 'wait'>): Promise<ImageView>;
  removeImage(name: string): Promise<void>;
  doctor(): Promise<Finding[]>;
  /** Who asks, and what they may. */
  me(): Promise<MeView>;
  tokens(): Promise<TokenView[]>;
  /** With its secret, which nobody can ask for again. */
  createToken(token: NewToken): Promise<TokenView & { token: string }>;
  revokeToken(id: string): Promise<void>;
  /** A page of the audit log, newest first; `next` is the `before` of the page after it. */
  audit(query?: AuditQuery): Promise<{ items: AuditView[]; next?: string }>;
  /** Events from now on, or after an id; ends with the signal or the connection. */
  events(signal: AbortSignal, after?: string): AsyncIterable<EventView>;
}

/** The API as functions. Every failure is the InnkeeperError that the control plane meant. */
export const createClient = (target: Target): Client => {
  const items = async <T>(path: string): Promise<T[]> => (await ask<{ items: T[] }>(target, path)).items;
  const at = (name: string): string => `/v1/workloads/${encodeURIComponent(name)}`;
  const guestAt = (id: string): string => `/v1/guests/${encodeURIComponent(id)}`;
  const hostAt = (name: string): string => `/v1/hosts/${encodeURIComponent(name)}`;
  const networkAt = (name: string): string => `/v1/networks/${encodeURIComponent(name)}`;
  const imageAt = (name: string): string => `/v1/images/${encodeURIComponent(name)}`;
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
    clone: (name, body, options = {}) =>
      ask(target, `${at(name)}/clone${changeQuery(options)}`, {
        method: 'POST',
        body,
        headers: changeHeaders(options),
      }),
    remove: (name, options = {}) =>
      ask(target, `${at(name)}${changeQuery(options)}`, { method: 'DELETE', headers: changeHeaders(options) }),
    ...snapshotCalls(target),
    ...backupCalls(target),
    adoption: (id, host) => ask(target, `${guestAt(id)}/adoption${queryOf({ host })}`),
    adopt: (id, request, { host, wait, ...options } = {}) =>
      ask(target, `${guestAt(id)}/adopt${queryOf({ host, wait })}`, {
        method: 'POST',
        body: request,
        headers: changeHeaders(options),
      }),
    release: (name, options = {}) =>
      ask(target, `${at(name)}/release${changeQuery(options)}`, { method: 'POST', headers: changeHeaders(options) }),
    conversion: (id, host) => ask(target, `${guestAt(id)}/conversion${queryOf({ host })}`),
    convert: (id, request, { host, wait, ...options } = {}) =>
      ask(target, `${guestAt(id)}/convert${queryOf({ host, wait })}`, {
        method: 'POST',
        body: request,
        headers: changeHeaders(options),
      }),
    endConversion: (name, how, options = {}) =>
      ask(target, `${at(name)}/${how}${changeQuery(options)}`, { method: 'POST', headers: changeHeaders(options) }),
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
    retry: (id, options = {}) =>
      ask(target, `/v1/operations/${encodeURIComponent(id)}/retry${changeQuery(options)}`, {
        method: 'POST',
        headers: changeHeaders(options),
      }),
    cancel: (id) => ask(target, `/v1/operations/${encodeURIComponent(id)}/cancel`, { method: 'POST' }),
    hosts: () => items('/v1/hosts'),
    host: (name) => ask(target, hostAt(name)),
    addHost: (host) => ask(target, '/v1/hosts', { method: 'POST', body: host }),
    removeHost: (name) => ask(target, hostAt(name), { method: 'DELETE' }),
    pools: () => items('/v1/pools'),
    addPool: (host, pool) => ask(target, `${hostAt(host)}/pools`, { method: 'POST', body: pool }),
    removePool: (host, name) => ask(target, `${hostAt(host)}/pools/${encodeURIComponent(name)}`, { method: 'DELETE' }),
    drainPlan: (name) => ask(target, `${hostAt(name)}/drain`),
    confirmDead: (name, typed) =>
      ask(target, `${hostAt(name)}/confirm-dead`, { method: 'POST', body: { name: typed } }),
    returnHost: (name) => ask(target, `${hostAt(name)}/return`, { method: 'POST' }),
    changeHost: (name, change) => ask(target, hostAt(name), { method: 'PATCH', body: change }),
    recover: (request) => ask(target, '/v1/recover', { method: 'POST', body: request }),
    diffs: () => items('/v1/diff'),
    diff: (name) => ask(target, `${at(name)}/diff`),
    dumps: () => items('/v1/dumps'),
    createDump: () => ask(target, '/v1/dumps', { method: 'POST' }),
    images: () => items('/v1/images'),
    image: (name) => ask(target, imageAt(name)),
    importImage: (request, options = {}) =>
      ask(target, `/v1/images${changeQuery(options)}`, { method: 'POST', body: request }),
    refreshImage: (name, options = {}) =>
      ask(target, `${imageAt(name)}/refresh${changeQuery(options)}`, { method: 'POST' }),
    removeImage: (name) => ask(target, imageAt(name), { method: 'DELETE' }),
    doctor: () => items('/v1/doctor'),
    me: () => ask(target, '/v1/me'),
    tokens: () => items('/v1/tokens'),
    createToken: (token) => ask(target, '/v1/tokens', { method: 'POST', body: token }),
    revokeToken: (id) => ask(target, `/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    audit: ({ limit, ...query } = {}) => ask(target, `/v1/audit${queryOf({ ...query, limit: limit?.toString() })}`),
    events: (signal, after) => readEvents(target, signal, after),
  };
};
