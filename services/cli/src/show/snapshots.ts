import { formatSize, type RetentionView, type SnapshotView } from '@innkeeper/model';
import { table } from './table.ts';

interface Line {
  readonly view: SnapshotView;
  /** Branches in front of its name. */
  readonly branches: string;
}

/** Each below the one that it was made from; one whose parent is not there is a first one. */
const linesOf = (views: readonly SnapshotView[]): Line[] => {
  const names = new Set(views.map(({ name }) => name));
  const below = (parent: string | undefined): SnapshotView[] =>
    views.filter((one) => (one.parent !== undefined && names.has(one.parent) ? one.parent : undefined) === parent);
  const descend = (parent: string, indent: string): Line[] =>
    below(parent).flatMap((view, at, all) => {
      const last = at === all.length - 1;
      return [
        { view, branches: `${indent}${last ? '└─ ' : '├─ '}` },
        ...descend(view.name, `${indent}${last ? '   ' : '│  '}`),
      ];
    });
  return below(undefined).flatMap((view) => [{ view, branches: '' }, ...descend(view.name, '')]);
};

const stateOf = ({ state, current }: SnapshotView): string => (state === 'ready' ? (current ? 'current' : '') : state);

/** As a tree: what was made from what, and where the workload stands. */
export const snapshotsText = (views: readonly SnapshotView[]): string =>
  table<Line>(
    [
      { title: 'NAME', value: ({ view, branches }) => `${branches}${view.name}` },
      { title: 'CREATED', value: ({ view }) => view.createdAt.slice(0, 19).concat('Z') },
      {
        title: 'SIZE',
        value: ({ view }) => (view.sizeBytes === undefined ? '–' : formatSize(view.sizeBytes)),
        right: true,
      },
      { title: 'STATE', value: ({ view }) => stateOf(view) },
      { title: 'DESCRIPTION', value: ({ view }) => view.description ?? '' },
    ],
    linesOf(views),
  );

/** What keeps each, or that it would go. */
export const retentionText = (items: RetentionView['items']): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'CREATED', value: ({ createdAt }) => createdAt.slice(0, 19).concat('Z') },
      { title: 'KEPT BY', value: ({ keptBy }) => keptBy ?? 'would go' },
    ],
    items,
  );
