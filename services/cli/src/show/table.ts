import { bold, plain } from './style.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly right?: boolean;
  readonly paint?: (text: string, row: Row) => string;
}

/** Columns padded to their widest value; no lines, so that the output can be cut and grepped. */
export const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = rows.map((row) => columns.map(({ value }) => plain(value(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => (line[index] ?? '').length)),
  );
  const pad = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    if (columns[index]?.right === true) return text.padStart(width);
    return index === columns.length - 1 ? text : text.padEnd(width);
  };
  const head = bold(columns.map(({ title }, index) => pad(title, index)).join('  '));
  const lines = cells.map((line, at) =>
    line
      .map((text, index) => {
        const padded = pad(text, index);
        const row = rows[at];
        const { paint } = columns[index] ?? {};
        return paint === undefined || row === undefined ? padded : paint(padded, row);
      })
      .join('  ')
      .trimEnd(),
  );
  return [head, ...lines].join('\n');
};
