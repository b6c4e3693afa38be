import { formatSize, type ImageView } from '@innkeeper/model';
import { table } from './table.ts';

/** In the words of people: what it becomes. */
const becomes = (variant: string): string => (variant === 'rootfs' ? 'container' : 'vm');

const day = (time: string | undefined): string => time?.slice(0, 16).replace('T', ' ') ?? '–';

const newest = ({ stored, builtAt }: ImageView): string =>
  day(
    stored
      .map(({ fetchedAt }) => fetchedAt)
      .sort()
      .at(-1) ?? builtAt,
  );

const sourceOf = ({ builtIn, stored, title }: ImageView): string =>
  builtIn ? title : [...new Set(stored.map(({ source }) => source))].join('; ');

/** One line for each image. */
export const imageTable = (images: readonly ImageView[], wide: boolean): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'BECOMES', value: ({ variants }) => variants.map(becomes).join(', ') },
      { title: 'SIZE', value: ({ bytes }) => (bytes === undefined ? '–' : formatSize(bytes)), right: true },
      { title: 'MADE', value: newest },
      { title: 'READY ON', value: ({ hosts }) => hosts.join(', ') || '–' },
      {
        title: 'USED BY',
        value: ({ workloads }) =>
          wide || workloads.length < 3 ? workloads.join(', ') || '–' : String(workloads.length),
      },
      { title: 'SOURCE', value: sourceOf },
    ],
    images,
  );

/** Everything of one image. */
export const imageLines = (view: ImageView): string[] => [
  view.name,
  `source     ${view.builtIn ? `${view.title}; comes with Innkeeper` : sourceOf(view)}`,
  ...(view.state === 'ready' ? [] : [`state      ${view.state}`]),
  ...(view.progress === undefined ? [] : [`progress   ${view.progress}`]),
  ...(view.error === undefined ? [] : [`error      ${view.error.detail}`]),
  `becomes    ${view.variants.map(becomes).join(', ') || 'nothing yet'}`,
  ...(view.builtAt === undefined ? [] : [`built      ${day(view.builtAt)}`]),
  ...(view.builtIn && view.bytes !== undefined ? [`size       ${formatSize(view.bytes)}`] : []),
  ...view.stored.flatMap((one) => [
    `${becomes(one.variant).padEnd(10)} ${formatSize(one.bytes)}${one.virtualBytes === undefined ? '' : `, a disk of ${formatSize(one.virtualBytes)}`}, fetched ${day(one.fetchedAt)}`,
    `  sha256   ${one.sha256}${one.pinned ? ', as was asked for' : ''}`,
    ...one.notes.map((note) => `  note     ${note}`),
  ]),
  `hosts      ${view.hosts.join(', ') || 'none yet'}`,
  `workloads  ${view.workloads.join(', ') || 'none'}`,
];
