import { randomUUID } from 'node:crypto';
import {
  type BackupRow,
  type Db,
  findBackup,
  findWorkloadById,
  handOverBackups,
  insertWorkload,
  lockWorkload,
  type OperationRow,
} from '@innkeeper/inventory';
import {
  backupNameAt,
  completeSpec,
  InnkeeperError,
  isAdopted,
  type NewBackup,
  type NewRestoration,
  type WorkloadSpec,
} from '@innkeeper/model';
import { decide } from '@innkeeper/placement';
import { type Asker, begin, hashOf, notFound, pendingOf, repeated } from '../asker.ts';
import { requireCapable } from '../capable.ts';
import { checkNewName, checkPlaceable } from '../check.ts';
import { specOfAnother } from '../clones.ts';
import type { Control } from '../control.ts';
import { type BackupOf, placedBeside } from '../operations/origin.ts';
import { actionable } from '../requests.ts';
import { readKnown, requestOf, snapshotOf } from '../snapshot.ts';
import { chooseTarget, openTarget, requireReach } from './targets.ts';

const freeName = async (tx: Db, workload: string): Promise<string> => {
  const moment = backupNameAt(workload, new Date());
  let [name, count] = [moment, 1];
  while ((await findBackup(tx, name)) !== undefined) {
    count += 1;
    name = `${moment}-${count}`;
  }
  return name;
};

/** Sends what a workload holds now to a target. Throws `unsupported` with the words of a driver that makes none. */
export const backupRequest = async (
  control: Control,
  name: string,
  asked: NewBackup,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('backup', name, asked);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  const workload = await actionable(control, name, 'backup');
  if (isAdopted(workload.spec))
    throw new InnkeeperError('conflict', `${name} was adopted: what it stands on is its owner's`, {
      hint: 'its own tools can back it up',
    });
  const host = await requireCapable(control, workload, 'backup');
  const target = await chooseTarget(control, asked.to);
  requireReach(target, host, name);
  // Secrets that are missing are told before anything waits.
  await openTarget(control, target.name);
  return control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row === undefined) throw notFound(name);
    const pending = await pendingOf(tx, row, () => false);
    if (pending !== undefined) return pending;
    const chosen = await freeName(tx, name);
    const memory = { id: randomUUID(), name: chosen, target: target.name };
    return begin(tx, 'backup', row, asker, hash, { memory, after: { backup: chosen } });
  });
};

export const backupNotFound = (ref: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no backup ${ref.slice(0, 80)}`, {
    hint: 'inn backup ls shows what there is; inn backup target scan finds what is in a repository',
  });

export const anyBackup = async (db: Db, ref: string): Promise<BackupRow> => {
  const row = await findBackup(db, ref);
  if (row === undefined) throw backupNotFound(ref);
  return row;
};

/** One that can be brought back. Throws `not_found`, and `conflict` for one that is not whole. */
export const wholeBackup = async (db: Db, ref: string): Promise<BackupRow> => {
  const row = await anyBackup(db, ref);
  if (row.state === 'ready') return row;
  throw new InnkeeperError('conflict', `The backup ${row.name} is not whole: it is ${row.state}`, {
    hint: `inn backup rm ${row.name}`,
  });
};

const originOf = async (control: Control, row: BackupRow, fresh: boolean): Promise<BackupOf> => {
  const { target } = await openTarget(control, row.target);
  return {
    id: row.id,
    name: row.name,
    target: row.target,
    workload: row.workloadName,
    driver: row.place.driver,
    host: target.spec.host,
    fresh,
  };
};

interface Making {
  readonly kind: 'restore-backup' | 'verify-backup';
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly row: BackupRow;
  readonly fresh: boolean;
}

const make = async (
  control: Control,
  tx: Db,
  { kind, name, spec, row, fresh }: Making,
  asker: Asker,
  hash: string,
): Promise<OperationRow> => {
  const memory = { backup: await originOf(control, row, fresh) };
  const known = await readKnown(tx);
  checkPlaceable(
    name,
    decide(snapshotOf(known, control.installation), { ...requestOf(name, spec), ...placedBeside(memory) }),
  );
  const id = randomUUID();
  await insertWorkload(tx, { id, name, spec });
  if (!fresh) await handOverBackups(tx, row.workloadId, id);
  return begin(tx, kind, { id, name }, asker, hash, { memory, after: { backup: row.name } });
};

/**
 * A machine of our images that becomes somebody else is told so by cloud-init, as a new instance: its SSH server gets keys of its own. The
 * host does not look into its disk; a container's files are changed there.
 */
const toldWhoItIs = (spec: WorkloadSpec, { place }: Pick<BackupRow, 'place'>): WorkloadSpec => {
  const isOurs = completeSpec(spec).image.source.kind === 'mmdebstrap';
  return place.backend === 'kvm' && isOurs ? { ...spec, cloudInit: spec.cloudInit ?? {} } : spec;
};

/** What it does then: as asked; else as it did, of one that goes on as it was. */
const poweredAs = (spec: WorkloadSpec, power: NewRestoration['power']): WorkloadSpec => {
  const { power: before, ...rest } = spec;
  const wanted = power ?? before ?? 'running';
  return wanted === 'running' ? rest : { ...rest, power: wanted };
};

/**
 * A workload that holds what another one held. Where that one is gone, it goes on as it: with its addresses, its ports and who it is
 * inside; where it is there, it becomes somebody else. Throws `conflict` for a name that is taken.
 */
export const restorationRequest = async (
  control: Control,
  ref: string,
  asked: NewRestoration,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('restore-backup', ref, asked);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  const { db } = control.inventory;
  const found = await wholeBackup(db, ref);
  const name = asked.as ?? found.workloadName;
  await checkNewName(control, name).catch((error: unknown) => {
    if (!(error instanceof InnkeeperError) || error.code !== 'conflict' || asked.as !== undefined) throw error;
    throw new InnkeeperError('conflict', error.message, {
      hint: `inn backup restore ${found.name} --as NAME, or inn rm ${name} first`,
    });
  });
  return control.inventory.transaction(async (tx) => {
    if ((await lockWorkload(tx, name)) !== undefined)
      throw new InnkeeperError('conflict', `There is a workload called ${name} already`);
    const row = await wholeBackup(tx, found.id);
    const there = await findWorkloadById(tx, row.workloadId);
    const fresh = there !== undefined || (await readKnown(tx)).guests.some(({ uuid }) => uuid === row.workloadId);
    const spec = fresh ? toldWhoItIs(specOfAnother(row.spec, asked.power), row) : poweredAs(row.spec, asked.power);
    return make(control, tx, { kind: 'restore-backup', name, spec, row, fresh }, asker, hash);
  });
};

/** What nobody hears of, and what does nothing by itself: it is there to be looked at once. */
const specToLookAt = (spec: WorkloadSpec): WorkloadSpec => {
  const { dependsOn, readiness, snapshots, ttl, ephemeral, restart, autostart, replicate, failover, ...rest } =
    specOfAnother(spec);
  return { ...rest, networks: [], autostart: false };
};

/** Brings a backup back as a workload without a network, sees that it starts, and takes it away again. */
export const verificationRequest = async (control: Control, ref: string, asker: Asker): Promise<OperationRow> => {
  const hash = hashOf('verify-backup', ref);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  return control.inventory.transaction(async (tx) => {
    const row = await wholeBackup(tx, ref);
    const name = `verify-${randomUUID().slice(0, 8)}`;
    return make(
      control,
      tx,
      { kind: 'verify-backup', name, spec: specToLookAt(row.spec), row, fresh: true },
      asker,
      hash,
    );
  });
};
