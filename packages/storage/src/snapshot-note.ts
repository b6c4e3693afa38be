import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';

/** What people call a snapshot, and say of it. */
export interface SnapshotWords {
  readonly name: string;
  readonly description?: string | undefined;
}

/** Has the note in a file say another name or description, and everything else as before; it is whole at any moment. Throws `not_found` without one. */
export const changeSnapshotNote = async (
  host: Host,
  file: string,
  { name, description = '' }: SnapshotWords,
): Promise<void> => {
  const text = await host.files.readTextIfThere(file);
  if (text === undefined) throw new InnkeeperError('not_found', 'The snapshot is not on its host');
  const { description: before, ...rest } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const note = { ...rest, name, ...(description === '' ? {} : { description }) };
  await host.files.write(file, `${JSON.stringify(note)}\n`);
};
