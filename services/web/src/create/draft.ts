import type { Problem, WorkloadSpec } from '@innkeeper/model';

/** The form as it is typed; empty means the image's default. */
export interface Draft {
  readonly name: string;
  readonly image: string;
  readonly isolation: 'default' | 'shared' | 'strong';
  readonly cpus: string | number;
  readonly memory: string;
  readonly disk: string;
}

export const emptyDraft: Draft = { name: '', image: '', isolation: 'default', cpus: '', memory: '', disk: '' };

/** A plan needs a name; this one stands in until there is one. */
export const standInName = 'new-workload';

/** Only what the user set: defaults belong to the image. Undefined while nothing can be planned. */
export const specOf = (draft: Draft): WorkloadSpec | undefined =>
  draft.image === ''
    ? undefined
    : {
        image: draft.image,
        ...(draft.isolation === 'default' ? {} : { isolation: draft.isolation }),
        ...(draft.cpus === '' ? {} : { cpus: Number(draft.cpus) }),
        ...(draft.memory.trim() === '' ? {} : { memory: draft.memory.trim() }),
        ...(draft.disk.trim() === '' ? {} : { disk: draft.disk.trim() }),
      };

/** What is wrong, by field; `name` for the workload as a whole. */
export const fieldErrors = (problem: Problem | undefined, name: string): Readonly<Record<string, string>> => {
  const base = `workloads.${name}`;
  const found: Record<string, string> = {};
  for (const { path, message, hint } of problem?.errors ?? []) {
    const inner = path.startsWith(base) ? path.slice(base.length) : `.${path}`;
    const field = inner.replace(/^\./, '').split(/[.[]/)[0] || 'name';
    found[field] ??= hint === undefined ? message : `${message} (${hint})`;
  }
  return found;
};
