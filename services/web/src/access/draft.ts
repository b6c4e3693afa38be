import type { NewToken, Problem, Role } from '@innkeeper/model';

/** The form as it is typed. */
export interface TokenDraft {
  readonly name: string;
  readonly role: Role;
  /** None: of all projects. */
  readonly projects: readonly string[];
  /** How long it is good for; empty until it is revoked. */
  readonly expires: string;
}

/** The least that a token may. */
export const emptyDraft: TokenDraft = { name: '', role: 'viewer', projects: [], expires: '' };

export const tokenOf = ({ name, role, projects, expires }: TokenDraft): NewToken => ({
  name,
  role,
  ...(projects.length === 0 ? {} : { projects: [...projects] }),
  ...(expires.trim() === '' ? {} : { expires: expires.trim() }),
});

/** What is wrong, by field; of several projects the first that is. */
export const fieldErrors = (problem: Problem | undefined): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const { path, message } of problem?.errors ?? []) found[path.split('.')[0] ?? 'name'] ??= message;
  return found;
};
