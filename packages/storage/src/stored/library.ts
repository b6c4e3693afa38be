import { createHash } from 'node:crypto';
import { type Host, withHostLock } from '@innkeeper/host';
import { type ImageVariant, InnkeeperError, imageVariants, type Paths } from '@innkeeper/model';
import { packRootSnapshot } from '../root-pack.ts';
import type { RootSnapshotRef } from '../root-snapshots.ts';
import { checkSource, checkUrl } from './address.ts';
import { copyFileOfMachine, download, removePart, sha256Of } from './fetch.ts';
import { inspectFile, makeVariant } from './make.ts';
import {
  type ImageRecord,
  type ImageSourceRecord,
  readRecord,
  readRecords,
  removeRecord,
  storedLayout,
  type VariantRecord,
  writeRecord,
} from './record.ts';
import { askServer } from './server.ts';
import { sweep } from './sweep.ts';
import { requireRoom, type Work } from './work.ts';

/** Who removes one is there and waits. */
const removeWaitMs = 30_000;

/** What a workload held: its container and the snapshot by their ids, and both by the names that people know. */
export interface HeldSource extends RootSnapshotRef {
  readonly workload: string;
  readonly snapshot: string;
}

/** What somebody asks to have under a name: a file or an address, an image of a simplestreams server, or what a workload held. */
export interface ImportRequest {
  readonly name: string;
  readonly variant?: ImageVariant | undefined;
  readonly sha256?: string | undefined;
  readonly from:
    | { readonly source: string }
    | { readonly server: string; readonly image: string }
    | { readonly held: HeldSource };
}

/** The imported images of the machine that this process runs on. */
export interface ImageLibrary {
  list(): Promise<ImageRecord[]>;
  find(name: string): Promise<ImageRecord | undefined>;
  /** Throws `invalid` for what could not be fetched from anywhere, without asking anybody. */
  check(request: ImportRequest): void;
  /**
   * Fetches, checks, unpacks or converts, and only then is it there. Throws `conflict` for a name that is taken, and what its
   * parts throw; nothing of it is left then but, where this process ends, the part that was fetched.
   */
  add(request: ImportRequest, work: Work): Promise<ImageRecord>;
  /** Fetches anew what its source has changed; which variants that were. */
  refresh(name: string, work: Work): Promise<readonly ImageVariant[]>;
  /** What guests stand on stays until they are gone. */
  remove(name: string): Promise<void>;
}

/** What a part is called by, so that who asks for the same again goes on with it. */
const addressOf = (from: { readonly source: string } | { readonly held: RootSnapshotRef }): string => {
  if ('held' in from) return `held:${from.held.root}/${from.held.id}`;
  const source = checkSource(from.source);
  return source.kind === 'file' ? source.path : source.url;
};

interface Acquired {
  readonly part: string;
  readonly sha256: string;
  readonly source: ImageSourceRecord;
  readonly pinned: boolean;
}

export const imageLibrary = (host: Host, paths: Paths): ImageLibrary => {
  const { root, parts, lock } = storedLayout(paths);

  /** One at a time on a machine, whichever process does it. */
  const alone = async <T>(work: () => Promise<T>, waitMs?: number): Promise<T> => {
    await host.files.makeDirectory(root, 0o700);
    return withHostLock(host, lock, work, waitMs);
  };

  const partFor = async (address: string): Promise<string> => {
    await host.files.makeDirectory(parts, 0o700);
    return `${parts}/${createHash('sha256').update(address).digest('hex')}`;
  };

  const roomCheck = async (bytes: number): Promise<void> =>
    requireRoom('source: fetching it', bytes, (await host.files.space(parts)).free, parts);

  const pack = async ({ workload, snapshot, ...ref }: HeldSource, { signal, progress }: Work): Promise<Acquired> => {
    const part = await partFor(addressOf({ held: ref }));
    progress(`packing what ${workload} held`);
    await packRootSnapshot(host, paths, ref, part, signal);
    progress('checking the checksum');
    return {
      part,
      sha256: await sha256Of(part, signal),
      source: { kind: 'workload', workload, snapshot },
      pinned: false,
    };
  };

  const acquire = async (request: Omit<ImportRequest, 'name'>, work: Work): Promise<Acquired> => {
    const { from, sha256, variant } = request;
    if ('held' in from) return pack(from.held, work);
    if ('server' in from) {
      const server = checkUrl('server', from.server);
      work.progress(`asking ${server}`);
      const file = await askServer(host, server, { image: from.image, variant }, work.signal);
      const part = await partFor(file.url);
      const fetched = await download(part, { ...file, requireRoom: roomCheck }, work);
      const { image } = from;
      return {
        part,
        sha256: await sameChecksum(part, fetched.sha256, file.sha256, `${server} says`),
        source: { kind: 'server', server, image, version: file.version },
        pinned: false,
      };
    }
    const wanted = checkSource(from.source);
    const said = sha256 === undefined ? {} : { sha256 };
    if (wanted.kind === 'file') {
      const part = await partFor(wanted.path);
      const copied = await copyFileOfMachine(wanted.path, part, { ...work, requireRoom: roomCheck });
      const checked = await sameChecksum(part, copied.sha256, sha256, 'you said');
      return { part, sha256: checked, source: wanted, pinned: sha256 !== undefined };
    }
    const part = await partFor(wanted.url);
    const { validator, ...fetched } = await download(part, { url: wanted.url, ...said, requireRoom: roomCheck }, work);
    const checked = await sameChecksum(part, fetched.sha256, sha256, 'you said');
    const source = validator === undefined ? wanted : { ...wanted, validator };
    return { part, sha256: checked, source, pinned: sha256 !== undefined };
  };

  const sameChecksum = async (part: string, is: string, wanted: string | undefined, who: string): Promise<string> => {
    if (wanted === undefined || is === wanted.toLowerCase()) return is;
    await removePart(part);
    throw new InnkeeperError('invalid', `sha256: ${who} ${wanted}, and what came has ${is}; nothing was unpacked`, {
      hint: 'somebody has changed the file, or the checksum is that of another one: see what its publisher says',
    });
  };

  const requireFree = (record: ImageRecord | undefined, variant: ImageVariant | undefined): void => {
    const taken = imageVariants.filter((one) => record?.[one] !== undefined);
    if (
      record === undefined ||
      (variant === undefined ? taken.length < imageVariants.length : !taken.includes(variant))
    )
      return;
    throw new InnkeeperError(
      'conflict',
      `name: there is an image ${record.name} already, as a ${taken.join(' and a ')}`,
      {
        hint: `inn image refresh ${record.name} fetches it anew; inn image rm ${record.name} removes it; or choose another name`,
      },
    );
  };

  /** From the request to what is written of it. Parts go, unless this process is told to end: the next one goes on with them. */
  const make = async (
    request: Omit<ImportRequest, 'name'>,
    record: ImageRecord | undefined,
    work: Work,
    /** Whether this checksum is what there is already. */
    isSame: (sha256: string) => boolean = () => false,
  ): Promise<readonly [ImageVariant, VariantRecord] | undefined> => {
    let part: string | undefined;
    try {
      if (!('server' in request.from)) part = await partFor(addressOf(request.from));
      const acquired = await acquire(request, work);
      part = acquired.part;
      if (isSame(acquired.sha256)) return undefined;
      const { kind, variant } = await inspectFile(acquired.part, request.variant);
      requireFree(record, variant);
      const made = await makeVariant(host, paths, acquired.part, { kind, sha256: acquired.sha256 }, work);
      const { sha256, source, pinned } = acquired;
      return [
        variant,
        {
          sha256,
          bytes: made.bytes,
          ...(made.virtualBytes === undefined ? {} : { virtualBytes: made.virtualBytes }),
          fetchedAt: new Date().toISOString(),
          source,
          pinned,
          notes: [...made.notes],
        },
      ];
    } finally {
      if (part !== undefined && !work.signal.aborted) await removePart(part);
    }
  };

  const requestFor = (variant: ImageVariant, { source }: VariantRecord): Omit<ImportRequest, 'name'> => {
    switch (source.kind) {
      case 'file':
        return { variant, from: { source: source.path } };
      case 'url':
        return { variant, from: { source: source.url } };
      case 'server':
        return { variant, from: { server: source.server, image: source.image } };
      case 'workload':
        throw new InnkeeperError(
          'conflict',
          `It was published from ${source.workload}, which goes on being another one`,
          {
            hint: 'inn image publish makes another image of what it holds now',
          },
        );
    }
  };

  /** Asks without fetching, where the source can say. */
  const isUnchanged = async (
    variant: ImageVariant,
    { source, sha256 }: VariantRecord,
    { signal }: Work,
  ): Promise<boolean> => {
    if (source.kind === 'server')
      return (await askServer(host, source.server, { image: source.image, variant }, signal)).sha256 === sha256;
    if (source.kind !== 'url' || source.validator === undefined) return false;
    const { headers, ok } = await fetch(source.url, { method: 'HEAD', signal }).catch(() => ({
      headers: new Headers(),
      ok: false,
    }));
    return ok && (headers.get('etag') === source.validator || headers.get('last-modified') === source.validator);
  };

  const required = async (name: string): Promise<ImageRecord> => {
    const record = await readRecord(host, paths, name);
    if (record !== undefined) return record;
    throw new InnkeeperError('not_found', `There is no imported image ${name.slice(0, 100)}`, {
      hint: 'inn image ls shows what there is',
    });
  };

  return {
    list: () => readRecords(host, paths),
    find: (name) => readRecord(host, paths, name),
    check: ({ from }) => {
      if ('server' in from) checkUrl('server', from.server);
      else if ('source' in from) checkSource(from.source);
    },
    add: (request, work) => {
      work.progress('waiting for its turn');
      return alone(async () => {
        await sweep(host, paths);
        const record = await readRecord(host, paths, request.name);
        requireFree(record, request.variant);
        const made = await make(request, record, work);
        if (made === undefined) throw new InnkeeperError('internal', 'An image was made of nothing');
        const [variant, facts] = made;
        const whole = { ...record, name: request.name, [variant]: facts };
        await writeRecord(host, paths, whole);
        return whole;
      });
    },
    refresh: (name, work) =>
      alone(async () => {
        await sweep(host, paths);
        let record = await required(name);
        const changed: ImageVariant[] = [];
        for (const variant of imageVariants) {
          const facts = record[variant];
          if (facts === undefined) continue;
          if (facts.pinned)
            throw new InnkeeperError(
              'conflict',
              `${name} was imported with its checksum, and anything else would be another image`,
              {
                hint: `import what is there now under another name, or inn image rm ${name} first`,
              },
            );
          if (await isUnchanged(variant, facts, work)) continue;
          const others = { ...record, [variant]: undefined };
          const made = await make(requestFor(variant, facts), others, work, (sha256) => sha256 === facts.sha256);
          if (made === undefined) continue;
          record = { ...record, [variant]: made[1] };
          await writeRecord(host, paths, record);
          changed.push(variant);
        }
        return changed;
      }),
    remove: (name) =>
      alone(async () => {
        await required(name);
        await removeRecord(host, paths, name);
        await sweep(host, paths);
      }, removeWaitMs),
  };
};
