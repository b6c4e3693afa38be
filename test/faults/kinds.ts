import type { Client } from '@innkeeper/client';
import type { OperationKind, OperationView } from '@innkeeper/model';
import { host, viewWhere } from '../integration/installation.ts';
import { strangers } from '../integration/strangers.ts';

type Ask = (client: Client, key: string) => Promise<OperationView | undefined>;

/** A kind of operation, what has to be there before it, and what is there when it is done. */
export interface Kind {
  readonly title: string;
  readonly kind: OperationKind;
  /** Operations before it. */
  readonly before: readonly Ask[];
  readonly ask: Ask;
  /** Of the workload when it is done; undefined when it is gone. */
  readonly after: string | undefined;
  readonly workload: string;
  /** Takes away what is there afterwards. */
  readonly cleanUp: readonly Ask[];
  /** Guests of others that it begins with. */
  readonly strangers?: (client: Client) => Promise<void>;
}

const name = 'test-far-one';
const renamed = 'test-far-two';
const spec = { image: 'debian/12', backend: 'lxc', memory: '256MiB' } as const;

const create: Ask = (client, idempotencyKey) => client.put(name, spec, { idempotencyKey });
const act =
  (action: 'start' | 'stop' | 'restart' | 'pause' | 'resume', of = name): Ask =>
  (client, idempotencyKey) =>
    client.act(of, action, { idempotencyKey });
const remove =
  (of = name): Ask =>
  (client, idempotencyKey) =>
    client.remove(of, { idempotencyKey });
const snapshot: Ask = (client, idempotencyKey) => client.snapshot(name, { name: 'kept' }, { idempotencyKey });
const ours = { workload: name, cleanUp: [remove()] };

/** Its firmware looks for a system, and finds none. */
const machine = 'test-far-machine';
const createMachine: Ask = (client, idempotencyKey) =>
  client.put(machine, { image: 'windows/11', cpus: 1, memory: '256MiB', disk: '1GiB' }, { idempotencyKey });

/** Outlives installations: what another one has left is not what is backed up here. */
const shelf = '/tmp/innkeeper-test-faults-shelf';
const target: Ask = async (client) => {
  if ((await client.backupTargets()).length > 0) return undefined;
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(`${shelf}/password`, 'what nobody knows', 0o600);
  const [repository, passwordFile] = [`${shelf}/repository`, `${shelf}/password`];
  await client.addBackupTarget({ name: 'shelf', repository, passwordFile });
  return undefined;
};
const backup: Ask = (client, idempotencyKey) => client.makeBackup(name, {}, { idempotencyKey });
const firstBackup = async (client: Client): Promise<string> => (await client.backups())[0]?.name ?? '';
const withoutTarget: Ask = async (client) => {
  await client.removeBackupTarget('shelf', { forget: true });
  await host.files.remove(shelf);
  return undefined;
};

const { container, classic } = strangers;
const adopt: Ask = (client, idempotencyKey) => client.adopt(container.uuid, {}, { idempotencyKey });
const release: Ask = (client, idempotencyKey) => client.release(container.name, { idempotencyKey });
/** The same request has the same body: by then its container may be a workload with another id. */
const convertedIds = new Map<string, string>();
const convert: Ask = async (client, idempotencyKey) => {
  const id = convertedIds.get(idempotencyKey) ?? (await client.workload(classic.name)).id;
  convertedIds.set(idempotencyKey, id);
  return client.convert(id, { memory: '64MiB' }, { idempotencyKey });
};
const endConversion =
  (how: 'confirm' | 'revert'): Ask =>
  (client, idempotencyKey) =>
    client.endConversion(classic.name, how, { idempotencyKey });

const foreign = (client: Client, of: string) => viewWhere({ client }, of, ({ managed }) => !managed);

const theirContainer = async (client: Client): Promise<void> => {
  await strangers.remove();
  await strangers.placeContainer();
  await foreign(client, container.name);
};
const theirClassic = async (client: Client): Promise<void> => {
  await strangers.remove();
  await classic.start();
  await classic.stop();
  await viewWhere({ client }, classic.name, ({ managed, state }) => !managed && state === 'stopped');
};

export const kinds: readonly Kind[] = [
  { title: 'creating', kind: 'apply', before: [], ask: create, after: 'running', ...ours },
  {
    title: 'reconfiguring',
    kind: 'apply',
    before: [create],
    ask: (client, idempotencyKey) => client.put(name, { ...spec, memory: '384MiB' }, { idempotencyKey }),
    after: 'running',
    ...ours,
  },
  { title: 'starting', kind: 'start', before: [create, act('stop')], ask: act('start'), after: 'running', ...ours },
  { title: 'stopping', kind: 'stop', before: [create], ask: act('stop'), after: 'stopped', ...ours },
  { title: 'restarting', kind: 'restart', before: [create], ask: act('restart'), after: 'running', ...ours },
  { title: 'pausing', kind: 'pause', before: [create], ask: act('pause'), after: 'paused', ...ours },
  { title: 'resuming', kind: 'resume', before: [create, act('pause')], ask: act('resume'), after: 'running', ...ours },
  {
    title: 'renaming',
    kind: 'rename',
    before: [create, act('stop')],
    ask: (client, idempotencyKey) => client.rename(name, renamed, { idempotencyKey }),
    after: 'stopped',
    workload: renamed,
    cleanUp: [remove(renamed)],
  },
  {
    title: 'cloning',
    kind: 'clone',
    before: [create],
    ask: (client, idempotencyKey) => client.clone(name, { name: renamed }, { idempotencyKey }),
    after: 'running',
    workload: renamed,
    cleanUp: [remove(renamed), remove()],
  },
  { title: 'making a snapshot', kind: 'snapshot', before: [create], ask: snapshot, after: 'running', ...ours },
  {
    title: 'making a snapshot of a machine',
    kind: 'snapshot',
    before: [createMachine],
    ask: (client, idempotencyKey) => client.snapshot(machine, { name: 'kept' }, { idempotencyKey }),
    after: 'running',
    workload: machine,
    cleanUp: [remove(machine)],
  },
  {
    title: 'going back to a snapshot',
    kind: 'restore',
    before: [create, snapshot],
    ask: (client, idempotencyKey) => client.restore(name, 'kept', { idempotencyKey }),
    after: 'running',
    ...ours,
  },
  {
    title: 'changing the name of a snapshot',
    kind: 'change-snapshot',
    before: [create, snapshot],
    ask: (client, idempotencyKey) => client.changeSnapshot(name, 'kept', { name: 'named' }, { idempotencyKey }),
    after: 'running',
    ...ours,
  },
  {
    title: 'removing a snapshot',
    kind: 'remove-snapshot',
    before: [create, snapshot],
    ask: (client, idempotencyKey) => client.removeSnapshot(name, 'kept', { idempotencyKey }),
    after: 'running',
    ...ours,
  },
  {
    title: 'backing up',
    kind: 'backup',
    before: [create, target],
    ask: backup,
    after: 'running',
    workload: name,
    cleanUp: [remove(), withoutTarget],
  },
  {
    title: 'bringing back what was backed up',
    kind: 'restore-backup',
    before: [create, target, backup],
    ask: async (client, idempotencyKey) =>
      client.restoreBackup(await firstBackup(client), { as: renamed }, { idempotencyKey }),
    after: 'running',
    workload: renamed,
    cleanUp: [remove(renamed), remove(), withoutTarget],
  },
  {
    title: 'verifying a backup',
    kind: 'verify-backup',
    before: [create, target, backup],
    ask: async (client, idempotencyKey) => client.verifyBackup(await firstBackup(client), { idempotencyKey }),
    after: 'running',
    workload: name,
    cleanUp: [remove(), withoutTarget],
  },
  { title: 'removing', kind: 'remove', before: [create], ask: remove(), after: undefined, workload: name, cleanUp: [] },
  {
    title: 'adopting',
    kind: 'adopt',
    strangers: theirContainer,
    before: [],
    ask: adopt,
    after: 'running',
    workload: container.name,
    cleanUp: [release],
  },
  {
    title: 'releasing',
    kind: 'release',
    strangers: theirContainer,
    before: [adopt],
    ask: release,
    after: 'running',
    workload: container.name,
    cleanUp: [],
  },
  {
    title: 'converting',
    kind: 'convert',
    strangers: theirClassic,
    before: [],
    ask: convert,
    after: 'stopped',
    workload: classic.name,
    cleanUp: [endConversion('revert')],
  },
  {
    title: 'reverting a conversion',
    kind: 'revert',
    strangers: theirClassic,
    before: [convert],
    ask: endConversion('revert'),
    after: 'stopped',
    workload: classic.name,
    cleanUp: [],
  },
  {
    title: 'confirming a conversion',
    kind: 'confirm',
    strangers: theirClassic,
    before: [convert],
    ask: endConversion('confirm'),
    after: 'stopped',
    workload: classic.name,
    cleanUp: [(client, idempotencyKey) => client.release(classic.name, { idempotencyKey })],
  },
];
