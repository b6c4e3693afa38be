import type { SnapshotWords, Step } from '@innkeeper/driver-contract';
import { isDuplicate, updateSnapshot } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { keepFailure } from './outcome.ts';
import { done, groundsOf } from './snapshots.ts';

/** What it is called and what is said of it, before and after. */
interface Asked {
  readonly id: string;
  readonly from: SnapshotWords;
  readonly to: SnapshotWords;
}

const askedOf = ({ memory }: OperationContext): Asked => memory as unknown as Asked;

const setRecord = async ({ control, workload }: OperationContext, id: string, words: SnapshotWords): Promise<void> => {
  const { name, description = '' } = words;
  try {
    await updateSnapshot(control.inventory.db, id, { name, description: description === '' ? null : description });
  } catch (error) {
    if (!isDuplicate(error, 'snapshots_name_unique')) throw error;
    throw new InnkeeperError('conflict', `${workload.name} has a snapshot called ${name} already`);
  }
};

/** Another name or description of a snapshot; the note beside it says the same, so that it is taken back by it. */
export const changeSnapshot: OperationDefinition = {
  steps: (context): readonly Step[] => {
    const { id, from, to } = askedOf(context);
    const record = (words: SnapshotWords) => () => setRecord(context, id, words);
    const note = (words: SnapshotWords) => () => {
      const { driver, guest } = groundsOf(context);
      return driver.noteSnapshot(guest, id, words);
    };
    return [
      { name: 'record', run: record(to), undo: record(from) },
      { name: 'note', run: note(to), undo: note(from) },
    ];
  },
  undoOnFailure: true,
  onDone: (context) => {
    const { from, to } = askedOf(context);
    const { name } = context.workload;
    return done(
      context,
      'workload.snapshot-changed',
      from.name === to.name
        ? `${name}: the snapshot ${to.name} is described anew`
        : `${name}: the snapshot ${from.name} is called ${to.name} now`,
    );
  },
  onFailed: keepFailure,
};
