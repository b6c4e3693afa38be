import type { OperationKind } from '@innkeeper/model';
import { adopt, release } from './adopt.ts';
import { apply } from './apply.ts';
import { backup } from './backup.ts';
import { clone } from './clone.ts';
import { confirm, convert, revert } from './convert.ts';
import type { OperationDefinition } from './kind.ts';
import { powerOperations } from './power.ts';
import { remove } from './remove.ts';
import { rename } from './rename.ts';
import { restoreBackup } from './restore-backup.ts';
import { changeSnapshot } from './snapshot-words.ts';
import { removeSnapshot, restore, snapshot } from './snapshots.ts';
import { verifyBackup } from './verify-backup.ts';

/** What each kind of operation does. */
export const definitions: Readonly<Record<OperationKind, OperationDefinition>> = {
  apply,
  clone,
  ...powerOperations,
  rename,
  snapshot,
  restore,
  'change-snapshot': changeSnapshot,
  'remove-snapshot': removeSnapshot,
  backup,
  'restore-backup': restoreBackup,
  'verify-backup': verifyBackup,
  remove,
  adopt,
  release,
  convert,
  revert,
  confirm,
};
