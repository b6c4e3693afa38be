import { findWorkloadById, type OperationRow } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { demand, type Identity } from './access/identity.ts';
import { releaseRequest } from './adoption.ts';
import type { Asker } from './asker.ts';
import type { Control } from './control.ts';
import { endConversion } from './conversion.ts';
import { actOnWorkload, putWorkload } from './requests.ts';

/** How people ask again for what no operation keeps the words of. */
const askAgain: Partial<Record<OperationRow['kind'], string>> = {
  clone: 'inn clone WORKLOAD NEW asks again',
  rename: 'inn rename OLD NEW asks again',
  snapshot: 'inn snapshot create WORKLOAD asks again',
  restore: 'inn restore WORKLOAD SNAPSHOT asks again',
  'change-snapshot': 'inn snapshot rename WORKLOAD SNAPSHOT NEW, or inn snapshot describe, asks again',
  'remove-snapshot': 'inn snapshot rm WORKLOAD SNAPSHOT asks again',
  backup: 'inn backup create WORKLOAD asks again',
  'restore-backup': 'inn backup restore BACKUP asks again',
  'verify-backup': 'inn backup verify BACKUP asks again',
  adopt: 'inn adopt GUEST asks again',
  convert: 'inn convert GUEST asks again',
};

const refused = (row: OperationRow, text: string, hint: string): InnkeeperError =>
  new InnkeeperError('conflict', `The operation ${row.id} ${text}`, { hint });

/**
 * Asks once more for what an operation that failed, or was cancelled, was to bring about, as it is wanted now: a new operation, with
 * the checks of any request. Undefined when it is so already. Throws `conflict` for one that is not finished, is done, or whose
 * workload is gone.
 */
export const retryOperation = async (
  control: Control,
  row: OperationRow,
  asker: Asker,
  identity: Identity,
): Promise<OperationRow | undefined> => {
  const { kind } = row;
  if (row.finishedAt === null) throw refused(row, `is ${row.state}`, `inn operation watch ${row.id} follows it`);
  if (row.state === 'done') throw refused(row, 'is done: there is nothing to try again', 'inn ls shows what is there');
  const workload = await findWorkloadById(control.inventory.db, row.workloadId);
  if (workload === undefined)
    throw refused(row, `was about ${row.workloadName}, which is gone`, 'inn apply makes it anew from its manifest');
  const { name } = workload;
  switch (kind) {
    case 'apply':
      return putWorkload(control, name, workload.spec, asker);
    case 'release':
      demand(identity, 'admin');
      return releaseRequest(control, name, asker);
    case 'confirm':
    case 'revert':
      demand(identity, 'admin');
      return endConversion(control, name, kind, asker);
    case 'clone':
    case 'rename':
    case 'snapshot':
    case 'restore':
    case 'change-snapshot':
    case 'remove-snapshot':
    case 'backup':
    case 'restore-backup':
    case 'verify-backup':
    case 'adopt':
    case 'convert':
      throw refused(row, `was to ${kind} it, in words that are not kept`, askAgain[kind] ?? '');
    default:
      return actOnWorkload(control, name, kind, asker);
  }
};
