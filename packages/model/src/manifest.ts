import type { z } from 'zod';
import { type Complaint, InnkeeperError } from './errors.ts';
import { namePattern, nameProblem } from './names.ts';
import { nearest } from './nearest.ts';
import { type NetworkSpec, networkSpec } from './network.ts';
import { mostRules, type Rule, rule } from './rule.ts';
import { type WorkloadSpec, workloadSpec } from './workload/index.ts';

/** A manifest larger than this is refused before it is read as YAML. */
export const largestManifest = 1024 * 1024;
const mostWorkloads = 1000;

export interface Manifest {
  readonly workloads: Readonly<Record<string, WorkloadSpec>>;
  readonly networks?: Readonly<Record<string, NetworkSpec>>;
  readonly rules?: readonly Rule[];
}

const topLevelKeys = ['workloads', 'networks', 'rules'];
const mostNetworks = 200;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pathText = (base: string, path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    base,
  );

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (inner === null || inner === undefined ? undefined : (inner as Record<PropertyKey, unknown>)[key]),
    value,
  );

/** YAML can make a value that holds itself, which JSON cannot write. */
const show = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 80);
  } catch {
    return String(value).slice(0, 80);
  }
};

/** The keys that an object at this place may have, read off the schema, for "did you mean". */
const keysAt = (whole: z.ZodType, path: readonly PropertyKey[]): string[] => {
  let schema: unknown = whole;
  for (const key of path) {
    while (isWrapped(schema)) schema = schema.unwrap();
    schema =
      typeof key === 'number'
        ? (schema as { element?: unknown }).element
        : (schema as { shape?: Record<string, unknown> }).shape?.[String(key)];
  }
  while (isWrapped(schema)) schema = schema.unwrap();
  return Object.keys((schema as { shape?: object } | undefined)?.shape ?? {});
};

const isWrapped = (schema: unknown): schema is { unwrap: () => unknown } =>
  typeof schema === 'object' &&
  schema !== null &&
  'unwrap' in schema &&
  typeof schema.unwrap === 'function' &&
  !('element' in schema);

const unknownKeys = (
  base: string,
  path: readonly PropertyKey[],
  keys: readonly string[],
  known: readonly string[],
): Complaint[] =>
  keys.map((key) => {
    const guess = nearest(key, known);
    return {
      path: pathText(base, [...path, key]),
      message: `unknown key "${key.slice(0, 80)}"`,
      hint: guess === undefined ? `known keys here: ${known.join(', ')}` : `did you mean "${guess}"?`,
    };
  });

const complaintsOf = (
  schema: z.ZodType,
  base: string,
  input: unknown,
  issues: readonly z.core.$ZodIssue[],
): Complaint[] =>
  issues.flatMap((issue): Complaint[] => {
    if (issue.code === 'unrecognized_keys')
      return unknownKeys(base, issue.path, issue.keys, keysAt(schema, issue.path));
    const value = at(input, issue.path);
    const path = pathText(base, issue.path);
    if (issue.code === 'invalid_key') return [{ path, message: issue.issues.map(({ message }) => message).join('; ') }];
    if (issue.code === 'invalid_type' && value === undefined) return [{ path, message: 'is required and missing' }];
    if (issue.code === 'invalid_value') {
      return [{ path, message: `${show(value)} is not one of ${issue.values.map(String).join(', ')}` }];
    }
    const said = issue.code === 'custom' || issue.message.includes(show(value)) ? '' : ` (found ${show(value)})`;
    return [{ path, message: `${issue.message}${said}` }];
  });

/** Checks an input against a schema. Throws `invalid` with a complaint for everything that is wrong, not only the first. */
export const parseWith = <T extends z.ZodType>(schema: T, input: unknown, base: string): z.output<T> => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidInput(complaintsOf(schema, base, input, result.error.issues));
};

export const parseWorkloadSpec = (input: unknown, base: string): WorkloadSpec => parseWith(workloadSpec, input, base);

export const invalidInput = (complaints: readonly Complaint[]): InnkeeperError => {
  const [first] = complaints;
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  return new InnkeeperError('invalid', `${first?.path ?? 'input'}: ${first?.message ?? 'is not valid'}${more}`, {
    complaints,
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  });
};

export const checkName = (name: string, path: string): void => {
  if (!namePattern.test(name)) throw invalidInput([{ path, message: nameProblem(name) }]);
};

const parseRules = (input: unknown, complaints: Complaint[]): Rule[] => {
  if (input === undefined) return [];
  if (!Array.isArray(input) || input.length > mostRules) {
    complaints.push({ path: 'rules', message: `must be a list of at most ${mostRules} rules` });
    return [];
  }
  const seen = new Set<string>();
  return input.flatMap((one: unknown, index): Rule[] => {
    const path = `rules[${index}]`;
    const result = rule.safeParse(one);
    if (!result.success) {
      complaints.push(...complaintsOf(rule, path, one, result.error.issues));
      return [];
    }
    if (seen.has(result.data.id))
      complaints.push({ path: `${path}.id`, message: `a rule "${result.data.id}" stands above already` });
    seen.add(result.data.id);
    return [result.data];
  });
};

const parseNetworks = (input: unknown, complaints: Complaint[]): Record<string, NetworkSpec> => {
  if (input === undefined) return {};
  if (!isObject(input) || Object.keys(input).length > mostNetworks) {
    complaints.push({ path: 'networks', message: `must be a mapping from names to at most ${mostNetworks} networks` });
    return {};
  }
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, spec]) => {
      const path = `networks.${name.slice(0, 80)}`;
      if (!namePattern.test(name)) complaints.push({ path, message: nameProblem(name) });
      const result = networkSpec.safeParse(spec ?? {});
      if (result.success) return [[name, result.data]];
      complaints.push(...complaintsOf(networkSpec, path, spec, result.error.issues));
      return [];
    }),
  );
};

/** Checks a whole manifest, read from YAML or JSON. Throws `invalid` with every complaint. */
export const parseManifest = (input: unknown): Manifest => {
  if (!isObject(input)) {
    throw invalidInput([{ path: '(top)', message: 'a manifest is a mapping with the key "workloads"' }]);
  }
  const complaints = unknownKeys(
    '',
    [],
    Object.keys(input).filter((key) => !topLevelKeys.includes(key)),
    topLevelKeys,
  );
  const rules = parseRules(input.rules, complaints);
  const networks = parseNetworks(input.networks, complaints);
  const other = input.rules ?? input.networks;
  const given = input.workloads ?? (other === undefined ? undefined : {});
  if (!isObject(given)) {
    complaints.push({ path: 'workloads', message: 'must be a mapping from names to workloads' });
    throw invalidInput(complaints);
  }
  const entries = Object.entries(given);
  if (entries.length > mostWorkloads) {
    throw invalidInput([
      { path: 'workloads', message: `${entries.length} workloads; one manifest may hold ${mostWorkloads}` },
    ]);
  }
  const workloads: Record<string, WorkloadSpec> = {};
  for (const [name, spec] of entries) {
    const path = `workloads.${name.slice(0, 80)}`;
    if (!namePattern.test(name)) complaints.push({ path, message: nameProblem(name) });
    const result = workloadSpec.safeParse(spec);
    if (result.success) workloads[name] = result.data;
    else complaints.push(...complaintsOf(workloadSpec, path, spec, result.error.issues));
  }
  if (complaints.length > 0) throw invalidInput(complaints);
  return {
    workloads,
    ...(input.networks === undefined ? {} : { networks }),
    ...(input.rules === undefined ? {} : { rules }),
  };
};
