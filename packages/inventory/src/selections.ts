import { Column, type SQL, sql } from 'drizzle-orm';

/** What drizzle's types do not show of its dialect: the text of what a statement selects or returns. */
interface Dialect {
  buildSelection(fields: readonly Selected[], options?: SelectionOptions): SQL;
  sqlToQuery(part: SQL): { readonly sql: string };
}

interface Selected {
  readonly field: unknown;
}

interface SelectionOptions {
  readonly isSingleTable?: boolean;
}

interface Known {
  readonly columns: readonly Selected[];
  readonly single: boolean;
  readonly text: SQL;
}

/** Fewer are put together as fast as they are found. */
const fewest = 4;

const isPlain = ({ field }: Selected): boolean => field instanceof Column;

/** The columns that the list begins with; whole tables do. */
const leading = (fields: readonly Selected[]): readonly Selected[] => {
  const end = fields.findIndex((one) => !isPlain(one));
  return end === -1 ? fields : fields.slice(0, end);
};

/**
 * Has drizzle remember lists of columns. It puts the list of a table together anew for every statement, column by column, which
 * was an eighth of what a busy control plane did. What is not a column is left to it, and everything is when a version of it
 * has no such part.
 */
export const rememberingSelections = <Database extends object>(db: Database): Database => {
  const dialect = ('dialect' in db ? db.dialect : {}) as Partial<Dialect>;
  const { buildSelection } = dialect;
  if (buildSelection === undefined || dialect.sqlToQuery === undefined) return db;
  const build = buildSelection.bind(dialect);
  const write = dialect.sqlToQuery.bind(dialect);
  const lists = new WeakMap<object, Known[]>();
  const textOf = (columns: readonly Selected[], single: boolean): SQL => {
    const first = columns[0]?.field as object;
    const known = lists.get(first) ?? [];
    const found = known.find(
      (one) =>
        one.single === single &&
        one.columns.length === columns.length &&
        one.columns.every(({ field }, index) => field === columns[index]?.field),
    );
    if (found !== undefined) return found.text;
    const text = sql.raw(write(build(columns, { isSingleTable: single })).sql);
    lists.set(first, [...known, { columns, single, text }]);
    return text;
  };
  dialect.buildSelection = (fields, options = {}) => {
    const columns = leading(fields);
    if (columns.length < fewest) return build(fields, options);
    const text = textOf(columns, options.isSingleTable === true);
    const rest = fields.slice(columns.length);
    return rest.length === 0 ? text : sql`${text}, ${build(rest, options)}`;
  };
  return db;
};
