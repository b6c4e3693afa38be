import {
  type Db,
  findBackupProject,
  findOperationProject,
  findPlacementProject,
  findProjectOf,
  listNetworks,
} from '@innkeeper/inventory';
import { InnkeeperError, inScope, projectOf, type Scope } from '@innkeeper/model';
import { demand, type Identity } from './identity.ts';
import { type Access, accessTable } from './table.ts';

/** A request as authorisation sees it. */
export interface Asked {
  /** As in the table: `PUT /v1/workloads/{name}`. */
  readonly route: string;
  /** What stands in the path: a name or an id. */
  readonly target: string;
  /** The body of a request that says what something is to be; undefined when there is none that is an object. */
  body(): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** Something of another project is answered as what is not there. */
const hidden = (what: string, name: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no ${what} ${name.slice(0, 80)}`);

const elsewhere = ({ who }: Identity, scope: readonly string[], what: string): InnkeeperError =>
  new InnkeeperError('forbidden', `${who} is for ${projectsText(scope)}; ${what}`, {
    hint: `say project: ${scope[0] ?? ''}, or use a token without projects`,
  });

/** As people read it: `the project a`, `the projects a and b`. */
export const projectsText = (scope: readonly string[]): string =>
  scope.length === 1 ? `the project ${scope[0] ?? ''}` : `the projects ${scope.join(' and ')}`;

const requireProject = async (identity: Identity, scope: readonly string[], asked: Asked): Promise<void> => {
  const given = (await asked.body())?.project;
  // What is no text is refused as such by whoever reads the body.
  if (given !== undefined && typeof given !== 'string') return;
  const project = projectOf({ project: given });
  if (!scope.includes(project)) throw elsewhere(identity, scope, `this is for the project ${project.slice(0, 80)}`);
};

const checkWorkload = async (db: Db, identity: Identity, scope: readonly string[], asked: Asked): Promise<void> => {
  const project = await findProjectOf(db, asked.target);
  const creating = asked.route.startsWith('PUT ');
  if (project === undefined ? !creating : !scope.includes(project)) throw hidden('workload', asked.target);
  if (creating) await requireProject(identity, scope, asked);
};

/** One without a project is for everybody: it may be seen and used, and not changed. */
const checkNetwork = async (db: Db, identity: Identity, scope: readonly string[], asked: Asked): Promise<void> => {
  const row = (await listNetworks(db)).find(({ name }) => name === asked.target);
  const project = row?.spec.project;
  if (project !== undefined && !scope.includes(project)) throw hidden('network', asked.target);
  if (asked.route.startsWith('GET ')) return;
  if (row !== undefined && project === undefined)
    throw elsewhere(identity, scope, `the network ${row.name} belongs to everybody`);
  if (!asked.route.startsWith('PUT ')) return;
  if ((await asked.body())?.project === undefined)
    throw elsewhere(identity, scope, 'a network without a project belongs to everybody');
  await requireProject(identity, scope, asked);
};

const checkScope = async (db: Db, identity: Identity, access: Access, asked: Asked): Promise<void> => {
  const { scope } = identity;
  if (scope === undefined) return;
  switch (access.of) {
    case 'shared':
    case 'listed':
      return;
    case 'all':
      throw elsewhere(identity, scope, 'this belongs to everybody and needs a token without projects');
    case 'workload':
      return checkWorkload(db, identity, scope, asked);
    case 'network':
      return checkNetwork(db, identity, scope, asked);
    case 'operation':
      if (!inScope(scope, await findOperationProject(db, asked.target))) throw hidden('operation', asked.target);
      return;
    case 'placement':
      if (!inScope(scope, await findPlacementProject(db, asked.target))) throw hidden('placement', asked.target);
      return;
    case 'backup':
      if (!inScope(scope, await findBackupProject(db, asked.target))) throw hidden('backup', asked.target);
      return;
    default:
      return access.of satisfies never;
  }
};

/**
 * The one place that says yes or no. Throws `forbidden` naming the role that is needed, and `not_found` for what is of
 * another project. A route that is not in the table is refused to all.
 */
export const allow = async (db: Db, identity: Identity, asked: Asked): Promise<Access> => {
  const access = accessTable[asked.route];
  if (access === undefined) throw new InnkeeperError('forbidden', `${asked.route} is open to nobody`);
  demand(identity, access.role);
  await checkScope(db, identity, access, asked);
  return access;
};

/** Throws `not_found` for a workload that came under a name between the check and the change. */
export const requireInScope = (scope: Scope, name: string, project: string | null): void => {
  if (!inScope(scope, project)) throw hidden('workload', name);
};
