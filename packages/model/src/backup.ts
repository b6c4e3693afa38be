import { z } from 'zod';
import { backends } from './backend.ts';
import { nameField } from './names.ts';
import { snapshotNameAt } from './snapshot.ts';
import { absolutePath } from './workload/lifecycle.ts';
import { workloadSpec } from './workload/spec.ts';

const kinds = 'an absolute path, sftp:USER@HOST:/PATH, rest:https://HOST/PATH or s3:https://HOST/BUCKET';

/** By the kind that an address begins with. Nothing of a host's name may be taken for an option of ssh. */
const servers = [
  /^sftp:(\/\/)?([A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?[:/]\S+$/,
  /^rest:https?:\/\/\S+$/,
  /^s3:[A-Za-z0-9]\S+$/,
];

const isPath = (address: string): boolean => address.startsWith('/');

/** The password that an address of a web server holds; undefined where there is none. */
const passwordIn = (address: string): string | undefined => {
  const password = /^[a-z0-9]+:[a-z]+:\/\/[^/@]*:([^/@]+)@/.exec(address)?.[1];
  return password === '' ? undefined : password;
};

const repositoryField = z
  .string()
  .max(1000)
  .refine((address) => isPath(address) || servers.some((server) => server.test(address)), {
    error: (issue) => `"${String(issue.input).slice(0, 80)}" is no repository of restic: right would be ${kinds}`,
  })
  .refine((address) => !isPath(address) || (absolutePath.safeParse(address).success && address !== '/'), {
    error: 'must be an absolute path without . and .., and not / itself',
  })
  .refine((address) => passwordIn(address) === undefined, {
    error: 'has a password in it, which everybody could read; name it in the file of variables',
  });

/** Where backups go: a repository of restic, with references to its secrets, which are in files of the control plane's machine. */
export const backupTarget = z
  .strictObject({
    repository: repositoryField.meta({ description: kinds }),
    passwordFile: absolutePath.meta({
      description: 'On the machine of the control plane; its content is kept nowhere else',
    }),
    variablesFile: absolutePath.optional().meta({
      description: 'Lines NAME=VALUE that restic needs to reach it, such as AWS_ACCESS_KEY_ID; there as well',
    }),
    mount: absolutePath
      .optional()
      .meta({ description: 'A directory that must be a mount point: nothing is written while it is none' }),
    host: nameField.optional().meta({ description: 'The only host that reaches it: it is a directory of that host' }),
  })
  .superRefine(({ repository, mount, host }, ctx) => {
    const add = (path: string, message: string): void => ctx.addIssue({ code: 'custom', path: [path], message });
    if (mount !== undefined && repository !== mount && !repository.startsWith(`${mount}/`))
      add('mount', `the repository ${repository} is not below ${mount}`);
    if (host !== undefined && !isPath(repository)) add('host', 'only a directory belongs to a host');
  })
  .meta({ id: 'BackupTarget' });
export type BackupTarget = z.output<typeof backupTarget>;

export const newBackupTarget = backupTarget.safeExtend({ name: nameField }).meta({ id: 'NewBackupTarget' });
export type NewBackupTarget = z.output<typeof newBackupTarget>;

export const backupTargetView = z
  .object({
    name: z.string(),
    repository: z.string(),
    passwordFile: z.string(),
    variablesFile: z.string().optional(),
    mount: z.string().optional(),
    host: z.string().optional(),
    createdAt: z.iso.datetime(),
    /** Backups that are known to be in it. */
    backups: z.int(),
  })
  .meta({ id: 'BackupTargetView' });
export type BackupTargetView = z.output<typeof backupTargetView>;

/** A backup that is to be made. */
export const newBackup = z
  .strictObject({
    to: nameField.optional().meta({ description: 'A target; may be left out where there is one alone' }),
  })
  .meta({ id: 'NewBackup' });
export type NewBackup = z.output<typeof newBackup>;

/** A workload that is to be made of a backup. */
export const newRestoration = z
  .strictObject({
    as: nameField.optional().meta({ description: 'Its name; that of the workload of the backup when left out' }),
    power: z
      .enum(['running', 'stopped'])
      .optional()
      .meta({ description: 'What it does then; what it did when left out' }),
  })
  .meta({ id: 'NewRestoration' });
export type NewRestoration = z.output<typeof newRestoration>;

/** The image that something stands on, by what it is and not by what it is called. */
export const backedImage = z.object({
  name: z.string(),
  /** A SHA-256 that no other content has; missing for a workload that stands on nothing of it, as a disk that began empty. */
  identity: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type BackedImage = z.output<typeof backedImage>;

/** Beside what a workload held in a repository, so that it can be made anew by whoever can open that. */
export const backupManifest = z.object({
  innkeeper: z.literal('backup'),
  format: z.literal(1),
  id: z.uuid(),
  name: z.string().regex(/^[a-z0-9-]{1,120}$/),
  createdAt: z.iso.datetime(),
  workload: z.object({ id: z.uuid(), name: nameField }),
  driver: z.string(),
  backend: z.enum(backends),
  image: backedImage,
  /** Names of its volumes. */
  volumes: z.array(nameField),
  spec: workloadSpec,
});
export type BackupManifest = z.output<typeof backupManifest>;

/** `creating`: not whole yet. `removing`: it may be gone from the repository, and nothing is made of it. */
export const backupStates = ['creating', 'ready', 'removing'] as const;
export type BackupState = (typeof backupStates)[number];

export const backupView = z
  .object({
    id: z.string(),
    name: z.string(),
    workload: z.object({ id: z.string(), name: z.string() }),
    target: z.string(),
    state: z.enum(backupStates),
    driver: z.string(),
    image: z.string(),
    createdAt: z.iso.datetime(),
    /** Bytes that it holds; missing until it is whole, and of one that was found in its repository. */
    sizeBytes: z.number().optional(),
    /** Bytes that the repository grew by: all that it held not yet. */
    addedBytes: z.number().optional(),
    /** When it was made a workload that ran, and what was found. */
    verified: z.object({ at: z.iso.datetime(), ok: z.boolean(), text: z.string() }).optional(),
  })
  .meta({ id: 'Backup' });
export type BackupView = z.output<typeof backupView>;

/** What a look into a repository has changed of what is known. Names of backups. */
export const scanView = z
  .object({
    found: z.array(z.string()).meta({ description: 'Were there and not known' }),
    lost: z.array(z.string()).meta({ description: 'Were known and are not there: they are known no longer' }),
    unreadable: z
      .array(z.string())
      .meta({ description: 'Of a later version, or not of Innkeeper: as restic calls them' }),
  })
  .meta({ id: 'BackupScan' });
export type ScanView = z.output<typeof scanView>;

/** A path in a backup, as the guest saw it. Of `..` nobody is asked: it takes away the part before it. */
export const heldPath = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/, 'must begin with a slash, such as /etc/hosts')
  .transform((path) => {
    const parts: string[] = [];
    for (const part of path.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return parts.length > 0 && /\/\.{0,2}$/.test(path) ? `/${parts.join('/')}/` : `/${parts.join('/')}`;
  });

/** A file in a backup. */
export const heldFileView = z
  .object({
    name: z.string(),
    kind: z.enum(['file', 'folder', 'link', 'other']),
    /** As chmod(1) takes it. */
    mode: z.string(),
    /** Ids that the guest has inside. */
    uid: z.int(),
    gid: z.int(),
    /** Of a file. */
    sizeBytes: z.int().optional(),
    modifiedAt: z.iso.datetime(),
    /** Of a link. */
    target: z.string().optional(),
  })
  .meta({ id: 'HeldFile' });
export type HeldFileView = z.output<typeof heldFileView>;

const scheduled = /-auto-\d{8}-\d{6}$/;

/** The name of a backup of a workload that somebody asks for: `web-20261126-154418`. It stands in addresses, never in a path of a host. */
export const backupNameAt = (workload: string, moment: Date): string => `${workload}-${snapshotNameAt(moment)}`;

/** The name of one that a schedule makes for a moment: `web-auto-20261126-030000`. */
export const scheduledBackupNameAt = (workload: string, moment: Date): string =>
  `${workload}-auto-${snapshotNameAt(moment)}`;

/** Whether a schedule made it: only these are removed when there are more than are to be kept. */
export const isScheduledBackup = (name: string): boolean => scheduled.test(name);
