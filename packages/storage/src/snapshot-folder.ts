import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { diskUse } from './own-bytes.ts';

/** Read back as it was written; the parts are the caller's. */
export type SnapshotNote = Readonly<Record<string, unknown>>;

/** A snapshot that is whole, with its note and the bytes that it takes. */
export interface ListedSnapshot {
  readonly id: string;
  readonly note: unknown;
  readonly sizeBytes: number;
}

/** Copying takes as long as there is data; a disk that hangs is not waited for for ever. */
export const longestMs = 6 * 3_600_000;
/** What programs that copy say when somebody else is at work on the same. */
export const busyCode = 3;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A snapshot's id is its folder's name: throws `internal` for what is none, before it is part of a path. */
export const requireSnapshotId = (id: string): void => {
  if (!uuid.test(id)) throw new InnkeeperError('internal', `"${id.slice(0, 80)}" is no id of a snapshot`);
};

/** Those in a folder that are whole. `sizes` of paths: of `du`, data that is shared by reflink is counted in each. */
export const listSnapshotFolder = async (
  host: Host,
  folder: string,
  sizes: (host: Host, paths: readonly string[]) => Promise<ReadonlyMap<string, number>> = diskUse,
): Promise<readonly ListedSnapshot[]> => {
  const ids = (await host.files.list(folder)).filter((name) => uuid.test(name)).sort();
  const use = await sizes(
    host,
    ids.map((id) => `${folder}/${id}`),
  );
  const found = [];
  for (const id of ids) {
    const text = await host.files.readTextIfThere(`${folder}/${id}/snapshot.json`);
    // Removed since it was listed.
    if (text === undefined) continue;
    found.push({ id, note: JSON.parse(text) as unknown, sizeBytes: use.get(`${folder}/${id}`) ?? 0 });
  }
  return found;
};
