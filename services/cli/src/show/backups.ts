import { type BackupTargetView, type BackupView, formatSize, type HeldFileView } from '@innkeeper/model';
import { table } from './table.ts';

const size = (bytes: number | undefined): string => (bytes === undefined ? '–' : formatSize(bytes));
const second = (moment: string): string => moment.slice(0, 19).concat('Z');

const stateOf = ({ state, verified }: BackupView): string => {
  if (state !== 'ready') return state;
  return verified === undefined ? '' : verified.ok ? `verified ${verified.at.slice(0, 10)}` : 'does not start';
};

/** Oldest first, as they were made. */
export const backupsText = (views: readonly BackupView[]): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'WORKLOAD', value: ({ workload }) => workload.name },
      { title: 'TARGET', value: ({ target }) => target },
      { title: 'CREATED', value: ({ createdAt }) => second(createdAt) },
      { title: 'SIZE', value: ({ sizeBytes }) => size(sizeBytes), right: true },
      { title: 'ADDED', value: ({ addedBytes }) => size(addedBytes), right: true },
      { title: 'STATE', value: stateOf },
    ],
    views,
  );

/** All that is known of one. */
export const backupText = (view: BackupView): string =>
  [
    view.name,
    `workload   ${view.workload.name}`,
    `target     ${view.target}`,
    `state      ${view.state}`,
    `created    ${second(view.createdAt)}`,
    `driver     ${view.driver}`,
    `image      ${view.image}`,
    `size       ${size(view.sizeBytes)}, of which ${size(view.addedBytes)} were new to the repository, compressed`,
    `verified   ${view.verified === undefined ? 'never' : `${second(view.verified.at)}: ${view.verified.text}`}`,
    `id         ${view.id}`,
  ].join('\n');

const heldName = ({ name, kind, target }: HeldFileView): string =>
  kind === 'folder' ? `${name}/` : target === undefined ? name : `${name} -> ${target}`;

/** What is in a folder of one. */
export const heldFilesText = (files: readonly HeldFileView[]): string =>
  table(
    [
      { title: 'MODE', value: ({ mode }) => mode },
      { title: 'OWNER', value: ({ uid, gid }) => `${uid}:${gid}` },
      { title: 'SIZE', value: ({ sizeBytes }) => size(sizeBytes), right: true },
      { title: 'CHANGED', value: ({ modifiedAt }) => second(modifiedAt) },
      { title: 'NAME', value: heldName },
    ],
    files,
  );

/** Where backups go. */
export const targetsText = (views: readonly BackupTargetView[]): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'REPOSITORY', value: ({ repository }) => repository },
      { title: 'HOST', value: ({ host }) => host ?? 'any' },
      { title: 'BACKUPS', value: ({ backups }) => String(backups), right: true },
      { title: 'PASSWORD', value: ({ passwordFile }) => passwordFile },
    ],
    views,
  );
