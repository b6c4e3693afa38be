import {
  type BackupTargetRow,
  countBackups,
  deleteBackupTarget,
  findBackupTarget,
  forgetBackupsOf,
  insertBackupTarget,
  isDuplicate,
  listBackups,
  listBackupTargets,
} from '@innkeeper/inventory';
import {
  type BackupTarget,
  type BackupTargetView,
  InnkeeperError,
  invalidInput,
  type NewBackupTarget,
} from '@innkeeper/model';
import { ensureRepository, type Repository } from '@innkeeper/storage';
import { record, type Trail } from '../access/trail.ts';
import type { Control, ManagedHost } from '../control.ts';
import { localManaged } from '../images/library.ts';
import { variablesOf } from './variables.ts';

const noTarget = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no backup target ${name.slice(0, 80)}`, {
    hint: 'inn backup target ls shows what there is; inn backup target add makes one known',
  });

/** Secrets are read from files of this machine when they are needed. Throws `invalid` for one that others may read, or that is not there. */
const secretOf = async (control: Control, field: string, file: string): Promise<string> => {
  const { files } = localManaged(control).host;
  const facts = await files.facts(file);
  const refuse = (message: string, hint: string): InnkeeperError =>
    new InnkeeperError('invalid', `${field}: ${message}`, { hint, complaints: [{ path: field, message }] });
  if (facts?.kind !== 'file')
    throw refuse(`there is no file ${file} on the machine of the control plane`, 'write the secret into it, mode 0600');
  if ((facts.mode & 0o077) !== 0) throw refuse(`${file} can be read by others than its owner`, `chmod 600 ${file}`);
  const text = await files.readText(file);
  if (text.trim() === '') throw refuse(`${file} is empty`, 'write the secret into it');
  return text;
};

const repositoryWith = async (control: Control, name: string, spec: BackupTarget): Promise<Repository> => ({
  name,
  address: spec.repository,
  password: await secretOf(control, 'passwordFile', spec.passwordFile),
  variables:
    spec.variablesFile === undefined ? {} : variablesOf(await secretOf(control, 'variablesFile', spec.variablesFile)),
  mount: spec.mount,
});

/** A target that is known, and what opens it. Throws `not_found`. */
export const openTarget = async (
  control: Control,
  name: string,
): Promise<{ readonly target: BackupTargetRow; readonly repository: Repository }> => {
  const target = await findBackupTarget(control.inventory.db, name);
  if (target === undefined) throw noTarget(name);
  return { target, repository: await repositoryWith(control, name, target.spec) };
};

/** The host that looks into it where no workload does: its own, or this machine. */
export const hostOfTarget = (control: Control, { spec }: Pick<BackupTargetRow, 'spec'>): ManagedHost => {
  if (spec.host === undefined) return localManaged(control);
  const found = control.hosts.get(spec.host);
  if (found !== undefined) return found;
  throw new InnkeeperError('unavailable', `The host ${spec.host}, whose directory it is, is not open`);
};

/** The target that is meant; without a name the only one. */
export const chooseTarget = async (control: Control, name: string | undefined): Promise<BackupTargetRow> => {
  const all = await listBackupTargets(control.inventory.db);
  const [only] = all;
  if (name !== undefined) {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw noTarget(name);
    return found;
  }
  if (only === undefined)
    throw new InnkeeperError('invalid', 'There is no backup target yet', {
      hint: 'inn backup target add NAME DIRECTORY --password-file FILE',
    });
  if (all.length > 1)
    throw new InnkeeperError(
      'invalid',
      `to: there are several backup targets: ${all.map((one) => one.name).join(', ')}`,
      {
        hint: 'say which, with --to',
        complaints: [{ path: 'to', message: 'there are several' }],
      },
    );
  return only;
};

/** Throws `conflict` for a workload on a host that does not reach a target. */
export const requireReach = ({ name, spec }: BackupTargetRow, host: string, workload: string): void => {
  if (spec.host === undefined || spec.host === host) return;
  throw new InnkeeperError(
    'conflict',
    `The backup target ${name} is a directory of ${spec.host}; ${workload} is on ${host}`,
    {
      hint: 'add one that all hosts reach: a directory that is mounted on each (--mount), or a server',
    },
  );
};

/** A directory that is not mounted from elsewhere is one host's: this machine's, where nothing else is said. */
const placed = (control: Control, spec: BackupTarget): BackupTarget => {
  if (!spec.repository.startsWith('/') || spec.mount !== undefined) return spec;
  const host = spec.host ?? localManaged(control).name;
  if (!control.hosts.has(host)) throw invalidInput([{ path: 'host', message: `there is no host ${host}` }]);
  return { ...spec, host };
};

const requireOutside = ({ config }: Control, { repository }: BackupTarget): void => {
  const { state } = config.paths;
  if (repository !== state && !repository.startsWith(`${state}/`)) return;
  throw invalidInput([
    { path: 'repository', message: `${repository} is within ${state}, and would be lost together with the workloads` },
  ]);
};

/** Makes a target known, and its repository where there is none. Throws `conflict` for a name that is taken and a password that does not open it. */
export const addTarget = async (control: Control, asked: NewBackupTarget, trail: Trail): Promise<void> => {
  const { name, ...given } = asked;
  const { db } = control.inventory;
  const taken = new InnkeeperError('conflict', `There is a backup target called ${name} already`, {
    hint: 'choose another name, or inn backup target rm',
    complaints: [{ path: 'name', message: 'the name is taken' }],
  });
  if ((await findBackupTarget(db, name)) !== undefined) throw taken;
  requireOutside(control, given);
  const spec = placed(control, given);
  const { host } = hostOfTarget(control, { spec });
  await ensureRepository(host, control.config.paths, await repositoryWith(control, name, spec));
  await control.inventory.transaction(async (tx) => {
    try {
      await insertBackupTarget(tx, name, spec);
    } catch (error) {
      throw isDuplicate(error, 'backup_targets_pkey') ? taken : error;
    }
    await record(tx, trail, { resource: { kind: 'backup', name }, after: spec });
  });
};

/** A target is known no longer; what is in its repository stays. With `forget` the backups in it are known no longer either. */
export const removeTarget = async (
  control: Control,
  name: string,
  { forget, trail }: { readonly forget: boolean; readonly trail: Trail },
): Promise<void> =>
  control.inventory.transaction(async (tx) => {
    const found = await findBackupTarget(tx, name);
    if (found === undefined) throw noTarget(name);
    const held = await listBackups(tx, { target: name });
    const making = held.find(({ state }) => state === 'creating');
    if (making !== undefined)
      throw new InnkeeperError('busy', `The backup ${making.name} is on its way to ${name}`, {
        hint: 'inn operation ls shows how far it is',
      });
    if (held.length > 0 && !forget)
      throw new InnkeeperError('conflict', `The backup target ${name} has backups: ${held.length}`, {
        hint: 'inn backup rm removes them; with --forget they stay in the repository, and are found again by a scan',
      });
    await forgetBackupsOf(tx, name);
    await deleteBackupTarget(tx, name);
    await record(tx, trail, { resource: { kind: 'backup', name }, before: found.spec });
  });

export const targetViews = async ({ inventory }: Control): Promise<BackupTargetView[]> => {
  const [rows, counts] = await Promise.all([listBackupTargets(inventory.db), countBackups(inventory.db)]);
  return rows.map(({ name, spec, createdAt }) => ({
    name,
    ...spec,
    createdAt: createdAt.toISOString(),
    backups: counts.get(name) ?? 0,
  }));
};
