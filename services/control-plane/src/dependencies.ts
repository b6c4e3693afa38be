import { completeSpec, invalidInput, type WorkloadSpec } from '@innkeeper/model';

/** Workloads so that each comes after those of the same manifest that it depends on. Throws `invalid` for a circle. */
export const dependenciesFirst = (specs: Readonly<Record<string, WorkloadSpec>>): [string, WorkloadSpec][] => {
  const sorted: [string, WorkloadSpec][] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const spec = specs[name];
    if (spec === undefined || done.has(name)) return;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].join(' → ');
      throw invalidInput([
        { path: `workloads.${name}.dependsOn`, message: `depends on itself: ${circle}`, hint: 'take one of them out' },
      ]);
    }
    for (const { workload } of completeSpec(spec).dependsOn) visit(workload, [...path, name]);
    done.add(name);
    sorted.push([name, spec]);
  };
  for (const name of Object.keys(specs)) visit(name, []);
  return sorted;
};
