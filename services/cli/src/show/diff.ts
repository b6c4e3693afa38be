import type { Difference, WorkloadDiff } from '@innkeeper/model';
import { dim, plain } from './style.ts';
import { table } from './table.ts';

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

interface Line extends Difference {
  readonly name: string;
}

/** Each difference a line; what is as asked is only counted. */
export const diffText = (views: readonly WorkloadDiff[]): string => {
  const lines = views.flatMap(({ name, differences }): Line[] => differences.map((one) => ({ name, ...one })));
  const unknown = views.filter(({ known }) => !known);
  const same = views.filter(({ known, differences }) => known && differences.length === 0);
  return [
    ...(lines.length === 0
      ? []
      : [
          table(
            [
              { title: 'NAME', value: ({ name }) => name },
              { title: 'FIELD', value: ({ field }) => field },
              { title: 'WHAT', value: ({ what }) => what },
              { title: 'ASKED', value: ({ asked }) => shown(asked) },
              { title: 'DEFINED', value: ({ defined }) => shown(defined) },
              { title: 'NOW', value: ({ observed }) => shown(observed) },
              { title: 'WHAT TO DO', value: ({ remedy }) => remedy },
            ],
            lines,
          ),
        ]),
    ...unknown.map(({ name, state }) => dim(plain(`${name} is ${state}: nothing can be said now`))),
    ...(same.length === 0 ? [] : [dim(plain(`as asked: ${same.map(({ name }) => name).join(', ')}`))]),
  ].join('\n');
};
