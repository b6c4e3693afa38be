import { type HostRow, listHosts, listWorkloads, type WorkloadRow } from '@innkeeper/inventory';
import {
  findImage,
  type ImageDefinition,
  type ImageVariantView,
  type ImageView,
  InnkeeperError,
  imageVariants,
  inScope,
  knownImages,
  projectOf,
  type Scope,
} from '@innkeeper/model';
import { type ImageRecord, type ImageSourceRecord, imageStore, type VariantRecord } from '@innkeeper/storage';
import type { Control } from '../control.ts';
import { problemOf } from '../problem.ts';
import { imagesOf } from '../snapshot.ts';
import { libraryOf, localOf } from './library.ts';

const sourceText = (source: ImageSourceRecord): string => {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'url':
      return source.url;
    case 'workload':
      return `${source.workload}, as it was in ${source.snapshot}`;
    case 'server':
      return `${source.image} of ${source.server} (${source.version})`;
  }
};

const variantView = (variant: ImageVariantView['variant'], record: VariantRecord): ImageVariantView => ({
  variant,
  bytes: record.bytes,
  ...(record.virtualBytes === undefined ? {} : { virtualBytes: record.virtualBytes }),
  sha256: record.sha256,
  fetchedAt: record.fetchedAt,
  source: sourceText(record.source),
  pinned: record.pinned,
  notes: record.notes,
});

const titleOf = (record: ImageRecord | undefined): string => {
  const source = (record?.rootfs ?? record?.disk)?.source;
  if (source === undefined) return 'being fetched';
  return `${source.kind === 'workload' ? 'published' : 'imported'} from ${sourceText(source)}`;
};

/** Names of workloads that are made of an image, as far as the asker may know of them. */
export const usersOfImage = (workloads: readonly WorkloadRow[], name: string, scope?: Scope): string[] =>
  workloads
    .filter(({ spec }) => spec.image === name && inScope(scope, projectOf(spec)))
    .map((one) => one.name)
    .sort();

interface Around {
  readonly hosts: readonly HostRow[];
  readonly workloads: readonly WorkloadRow[];
  readonly scope: Scope;
}

type Parts = Pick<ImageView, 'name' | 'family' | 'title' | 'variants' | 'builtIn' | 'stored'>;

const viewOf = (control: Control, parts: Parts, { hosts, workloads, scope }: Around): ImageView => {
  const job = control.imageJobs.of(parts.name);
  const missing = !parts.builtIn && parts.stored.length === 0;
  const bytes = parts.stored.reduce((sum, one) => sum + one.bytes, 0);
  return {
    ...parts,
    hosts: hosts.filter((host) => imagesOf(host).includes(parts.name)).map((host) => host.name),
    state: !missing ? 'ready' : job?.running === true ? 'fetching' : 'failed',
    ...(job?.running === true ? { progress: job.progress } : {}),
    ...(job?.error === undefined ? {} : { error: problemOf(job.error) }),
    ...(bytes === 0 ? {} : { bytes }),
    workloads: usersOfImage(workloads, parts.name, scope),
  };
};

const partsOf = ({ name, family, title, variants }: ImageDefinition): Parts => ({
  name,
  family,
  title,
  variants: [...variants],
  builtIn: true,
  stored: [],
});

const storedParts = (name: string, record: ImageRecord | undefined): Parts => {
  const stored = imageVariants.flatMap((variant) => {
    const facts = record?.[variant];
    return facts === undefined ? [] : [variantView(variant, facts)];
  });
  return {
    name,
    family: 'linux',
    title: titleOf(record),
    variants: stored.map(({ variant }) => variant),
    builtIn: false,
    stored,
  };
};

const around = async ({ inventory }: Control, scope: Scope): Promise<Around> => {
  const [hosts, workloads] = await Promise.all([listHosts(inventory.db), listWorkloads(inventory.db)]);
  return { hosts, workloads, scope };
};

const builtFacts = async (control: Control, view: ImageView, measure: boolean): Promise<ImageView> => {
  const { imageMirror, imageCache, paths } = control.config;
  const image = findImage(view.name);
  if (image === undefined || image.source.kind !== 'mmdebstrap') return view;
  const store = imageStore(localOf(control), { paths, mirror: imageMirror, cache: imageCache });
  const built = await store.built(image, measure);
  return { ...view, ...(built ?? {}) };
};

/** Images that workloads can be made from: those that come with Innkeeper, and those that somebody has imported, as a whole. */
export const imageViews = async (control: Control, scope: Scope): Promise<ImageView[]> => {
  const [facts, records] = await Promise.all([around(control, scope), libraryOf(control).list()]);
  const built = await Promise.all(
    knownImages().map((image) => builtFacts(control, viewOf(control, partsOf(image), facts), false)),
  );
  return [...built, ...records.map((record) => viewOf(control, storedParts(record.name, record), facts))];
};

export const noSuchImage = (name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no image ${name.slice(0, 100)}`, {
    hint: 'inn image ls shows what there is',
  });

/** One image; also one that is being fetched, or could not be. */
export const imageViewOf = async (control: Control, name: string, scope: Scope): Promise<ImageView> => {
  const facts = await around(control, scope);
  const known = knownImages().find((one) => one.name === name);
  if (known !== undefined) return builtFacts(control, viewOf(control, partsOf(known), facts), true);
  const record = await libraryOf(control).find(name);
  if (record === undefined && control.imageJobs.of(name) === undefined) throw noSuchImage(name);
  return viewOf(control, storedParts(name, record), facts);
};
