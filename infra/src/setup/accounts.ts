import type { Host } from '@innkeeper/host';
import { groups, users } from '../../bin/needs.js';
import { noteChange } from '../record.ts';
import type { Step } from './step.ts';

/** getent answers 2 for a name that does not exist. */
const exists = async (host: Host, database: 'passwd' | 'group', name: string): Promise<boolean> =>
  (await host.run(['getent', database, name], { expect: [0, 2] })).exitCode === 0;

const missing = async (host: Host) => {
  const [newGroups, newUsers] = [[] as string[], [] as string[]];
  for (const { name } of groups) if (!(await exists(host, 'group', name))) newGroups.push(name);
  for (const { name } of users) if (!(await exists(host, 'passwd', name))) newUsers.push(name);
  return { groups: newGroups, users: newUsers };
};

const addUser = async (host: Host, name: string): Promise<void> => {
  const home = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  await host.run(['useradd', '--system', '--user-group', ...home, '--', name]);
};

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export const findAccount = async (host: Host, name: string): Promise<Account | undefined> => {
  const { stdout, exitCode } = await host.run(['getent', 'passwd', name], { expect: [0, 2] });
  const [, , uid, gid] = stdout.split(':');
  return exitCode === 0 ? { uid: Number(uid), gid: Number(gid) } : undefined;
};

/** The system user, made when it is missing: tests start a database without the rest of set-up. */
export const ensureAccount = async (host: Host, name: string): Promise<Account> => {
  if (!(await exists(host, 'passwd', name))) await addUser(host, name);
  const account = await findAccount(host, name);
  if (account === undefined) throw new Error(`user ${name} was made and is not found`);
  return account;
};

export const accounts: Step = {
  name: 'accounts',
  why: 'the database must not run as root; a group says who may use the API',
  check: async ({ host }) => {
    const { groups: newGroups, users: newUsers } = await missing(host);
    const names = [...newGroups.map((name) => `group ${name}`), ...newUsers.map((name) => `system user ${name}`)];
    return names.length === 0
      ? { done: true, text: 'group innkeeper and user innkeeper-db exist' }
      : { done: false, text: names.join(', ') };
  },
  apply: async ({ host, paths }) => {
    const { groups: newGroups, users: newUsers } = await missing(host);
    await noteChange(host, paths, { groups: newGroups, users: newUsers });
    for (const name of newGroups) await host.run(['groupadd', '--system', '--', name]);
    for (const name of newUsers) await addUser(host, name);
    return `made ${[...newGroups.map((name) => `group ${name}`), ...newUsers.map((name) => `system user ${name}`)].join(', ')}`;
  },
};
