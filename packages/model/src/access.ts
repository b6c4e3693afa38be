import { z } from 'zod';
import { nameField } from './names.ts';
import { parseDuration } from './units.ts';

const time = z.iso.datetime();

/** Each includes those before it. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Projects whose workloads and networks may be seen and changed; undefined for all. */
export type Scope = readonly string[] | undefined;

/** Of a workload or network that says none. */
export const defaultProject = 'default';

export const projectOf = ({ project }: { readonly project?: string | undefined }): string => project ?? defaultProject;

/** Whether something of a project may be seen; what belongs to no project is for those who see everything. */
export const inScope = (scope: Scope, project: string | null | undefined): boolean =>
  scope === undefined || (typeof project === 'string' && scope.includes(project));

/** Who changes something without a token; no token may be called so. */
export const socketName = 'socket';
const takenNames: readonly string[] = [socketName, 'local', 'innkeeper', 'nobody'];
const tokenNamePattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;

const tokenName = z
  .string()
  .regex(tokenNamePattern, 'must be 1 to 63 letters, digits and . _ @ -, beginning with a letter or digit')
  .refine((name) => !takenNames.includes(name), {
    error: (issue) => `"${String(issue.input)}" is how Innkeeper calls somebody else`,
  });

const longestLifeMs = 3650 * 24 * 3600 * 1000;

/** How long from now on, such as `30d`. */
const lifeField = z.string().refine(
  (text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= 1000 && ms <= longestLifeMs;
  },
  { error: (issue) => `"${String(issue.input).slice(0, 40)}" is not a duration from 1s to 3650d, such as 30d` },
);

/** Who asks, as the control plane sees it. */
export const meView = z
  .object({
    who: z.string().meta({ description: 'The name of a token, or `socket`' }),
    role: z.enum(roles),
    projects: z.array(z.string()).meta({ description: 'Whose workloads and networks are seen; none for all' }),
  })
  .meta({ id: 'Me' });
export type MeView = z.output<typeof meView>;

export const newToken = z
  .strictObject({
    name: tokenName,
    role: z.enum(roles),
    projects: z
      .array(nameField)
      .max(64)
      .optional()
      .meta({ description: 'Whose workloads and networks it sees and changes; all when nothing is said' }),
    expires: lifeField.optional().meta({ description: 'How long it is good for, such as 30d; for ever without it' }),
  })
  .meta({ id: 'NewToken' });
export type NewToken = z.output<typeof newToken>;

export const tokenView = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    /** Empty: of all. */
    projects: z.array(z.string()),
    createdAt: time,
    createdBy: z.string().optional(),
    expiresAt: time.optional(),
    revokedAt: time.optional(),
    /** To the minute. */
    lastUsedAt: time.optional(),
  })
  .meta({ id: 'Token' });
export type TokenView = z.output<typeof tokenView>;

export const createdToken = tokenView
  .extend({ token: z.string() })
  .meta({ id: 'CreatedToken', description: 'The secret is shown this once' });

export const auditResources = [
  'workload',
  'network',
  'host',
  'rule',
  'token',
  'guest',
  'operation',
  'image',
  'backup',
  'request',
] as const;
export type AuditResource = (typeof auditResources)[number];

/** Something that was changed, or that somebody tried to. */
export const auditView = z
  .object({
    id: z.string(),
    at: time,
    /** The name of a token, `socket`, `innkeeper` for what it does by itself, or `nobody` for who was not known. */
    who: z.string(),
    /** `socket`, the address of a client, or missing for what Innkeeper does by itself. */
    address: z.string().optional(),
    /** HTTP method, or the kind of a stream: exec, files, console, vnc. */
    method: z.string(),
    path: z.string().optional(),
    resource: z.object({ kind: z.enum(auditResources), name: z.string() }),
    project: z.string().optional(),
    /** The specification or the row, without secrets; missing where there was none. */
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    operation: z.string().optional(),
    /** `done`, `refused`, `failed`, or the state of the operation. */
    outcome: z.string(),
    /** Why it was refused: the code and the sentence. */
    reason: z.string().optional(),
    /** How many requests it stands for: those without a known token are counted. */
    count: z.int(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditView = z.output<typeof auditView>;
