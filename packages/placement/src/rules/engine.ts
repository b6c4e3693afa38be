import { InnkeeperError, longestRule } from '@innkeeper/model';
import { type ASTNode, Environment } from '@marcbachmann/cel-js';

/**
 * The only file that knows the rule engine. CEL has no loops, but an engine without a budget can be made to run for
 * seconds by nested comprehensions and by regular expressions that backtrack, so both are refused when a rule is saved.
 */
const limits = { maxAstNodes: 300, maxDepth: 32, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 };
const comprehensions = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);
const mostNested = 1;

const text = 'string';
const labels = 'map<string, string>';
const names = 'list<string>';

/** What rules may ask about, with types: a rule that names anything else is refused when it is saved. */
export const vocabulary = {
  w: {
    name: text,
    project: text,
    image: text,
    os: text,
    backend: text,
    isolation: text,
    cpus: 'int',
    memory: 'int',
    disk: 'int',
    labels,
    networks: names,
    devices: names,
    nested: 'bool',
    privileged: 'bool',
    ephemeral: 'bool',
    liveMigration: 'bool',
  },
  h: {
    name: text,
    state: text,
    labels,
    images: names,
    devices: names,
    cpus: 'int',
    memory: 'int',
    freeMemory: 'int',
    workloads: 'int',
  },
  d: { name: text, backend: text, acceleration: text },
} as const;

export type Facts<K extends keyof typeof vocabulary> = {
  readonly [F in keyof (typeof vocabulary)[K]]: (typeof vocabulary)[K][F] extends 'int'
    ? bigint
    : (typeof vocabulary)[K][F] extends 'bool'
      ? boolean
      : (typeof vocabulary)[K][F] extends 'string'
        ? string
        : (typeof vocabulary)[K][F] extends 'list<string>'
          ? readonly string[]
          : Readonly<Record<string, string>>;
};

export interface RuleFacts {
  readonly w: Facts<'w'>;
  readonly h: Facts<'h'>;
  readonly d: Facts<'d'>;
}

export interface Condition {
  /** What it asks about beside the workload: what has to be evaluated again for each host and driver. */
  readonly uses: { readonly h: boolean; readonly d: boolean };
  /** Throws what went wrong in the evaluation, such as a label that is not there. */
  holds(facts: RuleFacts): boolean;
}

const environment = Object.entries(vocabulary).reduce(
  (env, [name, schema]) => env.registerVariable({ name, schema: { ...schema } }),
  new Environment({ limits, enableOptionalTypes: true }),
);

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

const childrenOf = (value: unknown): ASTNode[] =>
  isNode(value) ? [value] : Array.isArray(value) ? value.flatMap(childrenOf) : [];

const methodOf = (node: ASTNode): string | undefined =>
  node.op === 'call' || node.op === 'rcall' ? String(node.args[0]) : undefined;

/** Refuses what could run for long; `nested` is how many comprehensions are around the node. */
const guard = (node: ASTNode, nested: number): void => {
  const method = methodOf(node);
  if (method === 'matches')
    throw new TypeError('matches() is not available in rules: use ==, in, startsWith() or contains()');
  const depth = method !== undefined && comprehensions.has(method) ? nested + 1 : nested;
  if (depth > mostNested)
    throw new TypeError(
      `a comprehension (${[...comprehensions].slice(0, 5).join(', ')}) may not stand inside another one`,
    );
  for (const child of childrenOf(node.args)) guard(child, depth);
};

const usesOf = (node: ASTNode, found: Set<string>): Set<string> => {
  if (node.op === 'id') found.add(node.args);
  for (const child of childrenOf(node.args)) usesOf(child, found);
  return found;
};

const firstLine = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1)[0] ?? '';

const invalid = (reason: string, cause?: unknown): InnkeeperError =>
  new InnkeeperError('invalid', `when: ${reason}`, { ...(cause === undefined ? {} : { cause }) });

const compile = (when: string): Condition => {
  if (when.length > longestRule) throw invalid(`is longer than ${longestRule} characters`);
  try {
    const parsed = environment.parse(when);
    guard(parsed.ast, 0);
    const checked = parsed.check();
    if (!checked.valid) throw new TypeError(firstLine(checked.error));
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      throw new TypeError(`is a ${checked.type ?? 'value of no type'}, where true or false is needed`);
    const ids = usesOf(parsed.ast, new Set());
    return {
      uses: { h: ids.has('h'), d: ids.has('d') },
      holds: (facts) => {
        const value: unknown = parsed(facts as unknown as Record<string, unknown>);
        if (typeof value !== 'boolean') throw new TypeError('is neither true nor false');
        return value;
      },
    };
  } catch (thrown) {
    if (thrown instanceof InnkeeperError) throw thrown;
    throw invalid(firstLine(thrown));
  }
};

const mostKept = 1000;
const kept = new Map<string, Condition>();

/** Parses and types a condition; the same text is compiled once. Throws `invalid` with what is wrong. */
export const compileCondition = (when: string): Condition => {
  const known = kept.get(when);
  if (known !== undefined) return known;
  const condition = compile(when);
  if (kept.size >= mostKept) kept.clear();
  kept.set(when, condition);
  return condition;
};

/** What an evaluation threw, in one line for people. */
export const evaluationError = firstLine;
