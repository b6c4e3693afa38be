import type { AuditQuery } from '@innkeeper/client';
import { type AuditView, InnkeeperError, newToken, parseWith, roles, type TokenView } from '@innkeeper/model';
import type { Command } from 'commander';
import { checkFormat, outputOption, print, printItems, say } from '../show/output.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';
import { numberOption } from './numbers.ts';

const stateOf = ({ revokedAt, expiresAt }: TokenView): string => {
  if (revokedAt !== undefined) return `revoked ${revokedAt}`;
  if (expiresAt === undefined) return 'good';
  return `${Date.parse(expiresAt) <= Date.now() ? 'expired' : 'until'} ${expiresAt}`;
};

const tokenText = (tokens: readonly TokenView[]): string =>
  table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'PROJECTS', value: ({ projects }) => projects.join(', ') || 'all' },
      { title: 'STATE', value: stateOf },
      { title: 'LAST USED', value: ({ lastUsedAt }) => lastUsedAt ?? 'never' },
      { title: 'MADE BY', value: ({ createdBy }) => createdBy ?? '–' },
    ],
    tokens,
  );

interface CreateOptions {
  readonly role: string;
  readonly project?: string[];
  readonly expires?: string;
}

const addCreate = (token: Command): void => {
  token
    .command('create [name]')
    .description('make a token; its secret is shown this once')
    .option('--role <role>', `${roles.join(', ')}: each may what those before it may`, 'operator')
    .option('--project <names...>', 'only workloads and networks of these projects')
    .option('--expires <duration>', 'good for this long, such as 30d (default: until it is revoked)')
    .addHelpText(
      'after',
      examples(
        ['inn token create ci --role operator --project shop --expires 30d', 'for a pipeline'],
        ['INNKEEPER_TOKEN=ink_… inn ls', 'what it sees, tried on this machine'],
      ),
    )
    .action(async (name: string | undefined, { role, project, expires }: CreateOptions) => {
      const asked = {
        name: name ?? `${role}-${Date.now().toString(36)}`,
        role,
        ...(project === undefined ? {} : { projects: project }),
        ...(expires === undefined ? {} : { expires }),
      };
      const made = await client().createToken(parseWith(newToken, asked, 'token'));
      say(`token ${made.name}: ${made.role}, ${made.projects.join(', ') || 'all projects'}, ${stateOf(made)}`);
      print(made.token);
    });
};

/** The one that is meant by a name or an id: of several with one name all but one are revoked. */
const idOf = (tokens: readonly TokenView[], wanted: string): string => {
  const named = tokens.filter(({ id, name }) => id === wanted || name === wanted);
  const found = named.find(({ revokedAt }) => revokedAt === undefined) ?? named[0];
  if (found === undefined)
    throw new InnkeeperError('not_found', `There is no token ${wanted}`, { hint: 'inn token ls shows what there is' });
  return found.id;
};

const addToken = (program: Command): void => {
  const token = program.command('token').description('who may use the API with which role, over TCP and on the socket');
  addCreate(token);
  token
    .command('ls', { isDefault: true })
    .description('tokens, without their secrets')
    .option('-a, --all', 'those that were revoked, too')
    .option(...outputOption)
    .action(async ({ output, all = false }: { output: string; all?: boolean }) => {
      const tokens = (await client().tokens()).filter(({ revokedAt }) => all || revokedAt === undefined);
      await printItems(
        checkFormat(output),
        tokens,
        ({ name }) => name,
        () => tokenText(tokens),
      );
    });
  token
    .command('rm <names...>')
    .description('revoke tokens: nobody is known by them any more')
    .action(async (names: readonly string[]) => {
      const tokens = await client().tokens();
      for (const id of names.map((name) => idOf(tokens, name))) await client().revokeToken(id);
      say(`revoked: ${names.join(', ')}`);
    });
};

const auditText = (entries: readonly AuditView[]): string =>
  table(
    [
      { title: 'WHEN', value: ({ at }) => at },
      { title: 'WHO', value: ({ who }) => who },
      { title: 'FROM', value: ({ address }) => address ?? '–' },
      { title: 'WHAT', value: ({ method, path }) => [method, path].filter(Boolean).join(' ') },
      { title: 'RESOURCE', value: ({ resource }) => `${resource.kind} ${resource.name}` },
      { title: 'OUTCOME', value: ({ outcome, count }) => (count === 1 ? outcome : `${outcome} ×${count}`) },
      { title: 'WHY', value: ({ reason }) => reason ?? '' },
    ],
    entries,
  );

const mostAtOnce = 1000;

/** As many as are asked for, page after page. */
const collect = async (query: AuditQuery, wanted: number): Promise<AuditView[]> => {
  const found: AuditView[] = [];
  let before: string | undefined;
  do {
    const limit = Math.min(mostAtOnce, wanted - found.length);
    const page = await client().audit({ ...query, limit, ...(before === undefined ? {} : { before }) });
    found.push(...page.items);
    before = page.next;
  } while (before !== undefined && found.length < wanted);
  return found;
};

interface AuditOptions {
  readonly workload?: string;
  readonly who?: string;
  readonly since?: string;
  readonly limit: string;
  readonly output: string;
}

const addAudit = (program: Command): void => {
  program
    .command('audit')
    .description('what was changed or tried, by whom, from where; newest first')
    .option('--workload <name>', 'only what was done with it')
    .option('--who <name>', 'only what this token did; socket for who was on this machine')
    .option('--since <when>', 'how long ago, such as 1h, or a time such as 2026-11-26T07:00:00Z')
    .option('-n, --limit <number>', 'how many', '100')
    .option(...outputOption)
    .addHelpText(
      'after',
      examples(
        ['inn audit --workload web --since 1h', 'who touched it lately'],
        ['inn audit --since 7d -o json', 'with what it was before and after'],
      ),
    )
    .action(async ({ limit, output, ...query }: AuditOptions) => {
      const entries = await collect(query, numberOption('limit', limit) ?? mostAtOnce);
      await printItems(
        checkFormat(output),
        entries,
        ({ id }) => id,
        () => auditText(entries),
      );
    });
};

export const addAccess = (program: Command): void => {
  program
    .command('whoami')
    .description('who the control plane takes you for, and what you may')
    .addHelpText('after', examples(['INNKEEPER_TOKEN=ink_… inn whoami', 'whose token that is']))
    .action(async () => {
      const { who, role, projects } = await client().me();
      print(`${who}: ${role} of ${projects.length === 0 ? 'all projects' : projects.join(', ')}`);
    });
  addToken(program);
  addAudit(program);
};
