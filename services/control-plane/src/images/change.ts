import { listWorkloads } from '@innkeeper/inventory';
import { findImage, type ImageRequest, InnkeeperError, messageChain, toInnkeeperError } from '@innkeeper/model';
import type { ImportRequest } from '@innkeeper/storage';
import { type Change, record, type Trail } from '../access/trail.ts';
import { type Control, tell } from '../control.ts';
import { heldBy } from './held.ts';
import type { JobTools } from './jobs.ts';
import { libraryOf, localManaged } from './library.ts';
import { noSuchImage, usersOfImage } from './views.ts';

const importOf = async (
  control: Control,
  { name, variant, sha256, source, server, image, workload, snapshot }: ImageRequest,
): Promise<ImportRequest> => {
  if (workload !== undefined) {
    const held = await heldBy(control, workload, snapshot ?? '');
    return { name, variant: 'rootfs', from: { held } };
  }
  return {
    name,
    variant,
    sha256,
    from: source === undefined ? { server: server ?? '', image: image ?? '' } : { source },
  };
};

/** The host's report says what it has: where workloads can be placed, and what those waited for. */
const reportAnew = async (control: Control): Promise<void> => {
  await control.probe(localManaged(control).name);
  control.wakeWaiting();
};

const audited = async (
  control: Control,
  trail: Trail,
  change: Pick<Change, 'resource' | 'after'>,
  work: () => Promise<boolean>,
): Promise<void> => {
  const { db } = control.inventory;
  try {
    if (await work()) await record(db, trail, change);
  } catch (error) {
    const { code } = toInnkeeperError(error);
    const reason = `${code}: ${messageChain(error).join(': ')}`;
    await record(db, trail, { ...change, outcome: 'failed', reason }).catch(() => undefined);
    throw error;
  }
};

const tellImage = (control: Control, kind: string, name: string, text: string): Promise<void> =>
  tell(control, { kind, subject: { kind: 'image', id: name, name }, text });

const workOf = (control: Control, { signal, progress }: JobTools) => ({
  signal,
  progress,
  limitBytes: control.config.imageBytes,
});

/** Begins to bring an image. Throws `invalid` for what nobody can fetch, `conflict` for a name that is taken, `busy` while it is brought already. */
export const beginImport = async (control: Control, request: ImageRequest, trail: Trail): Promise<void> => {
  const library = libraryOf(control);
  const wanted = await importOf(control, request);
  const { name } = request;
  library.check(wanted);
  const there = await library.find(name);
  if (there !== undefined && (wanted.variant === undefined || there[wanted.variant] !== undefined))
    throw new InnkeeperError('conflict', `There is an image ${name} already`, {
      hint: `inn image refresh ${name} fetches it anew, inn image rm ${name} removes it; --variant adds the other kind`,
    });
  control.imageJobs.begin(name, 'import', (tools) =>
    audited(control, trail, { resource: { kind: 'image', name }, after: request }, async () => {
      await library.add(wanted, workOf(control, tools));
      tools.progress('telling the host’s drivers');
      await reportAnew(control);
      await tellImage(control, 'image.imported', name, `${name} can be used`);
      return true;
    }),
  );
};

/** Begins to fetch anew what its source has changed. */
export const beginRefresh = async (control: Control, name: string, trail: Trail): Promise<void> => {
  const library = libraryOf(control);
  requireStored(name, 'refreshed: it is built anew when its recipe changes');
  if ((await library.find(name)) === undefined) throw noSuchImage(name);
  control.imageJobs.begin(name, 'refresh', (tools) =>
    audited(control, trail, { resource: { kind: 'image', name } }, async () => {
      const changed = await library.refresh(name, workOf(control, tools));
      if (changed.length === 0) return false;
      await reportAnew(control);
      await tellImage(
        control,
        'image.refreshed',
        name,
        `${name} is another one now; guests keep what they were made of`,
      );
      return true;
    }),
  );
};

const requireStored = (name: string, what: string): void => {
  const image = findImage(name);
  if (image === undefined) throw noSuchImage(name);
  if (image.source.kind !== 'stored')
    throw new InnkeeperError('conflict', `${name} comes with Innkeeper and is not ${what}`);
};

/** Throws `conflict` naming the workloads that are made of it. */
export const removeImage = async (control: Control, name: string, trail: Trail): Promise<void> => {
  requireStored(name, 'removed');
  const library = libraryOf(control);
  if (control.imageJobs.of(name)?.running === true)
    throw new InnkeeperError('busy', `The image ${name} is being fetched`, {
      hint: `inn image show ${name} says how far it is`,
    });
  const before = await library.find(name);
  if (before === undefined) throw noSuchImage(name);
  const { db } = control.inventory;
  const users = usersOfImage(await listWorkloads(db), name);
  if (users.length > 0)
    throw new InnkeeperError('conflict', `${name} cannot be removed: it is used by ${users.join(', ')}`, {
      hint: 'remove them first (inn rm)',
    });
  await library.remove(name);
  await record(db, trail, { resource: { kind: 'image', name }, before });
  await reportAnew(control);
};
