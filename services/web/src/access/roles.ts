import type { Role } from '@innkeeper/model';

/** Written out: with the schema of tokens, all schemas would come along. */
export const roles = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

export const roleText: Readonly<Record<Role, string>> = {
  viewer: 'looks at everything but what guests show, and asks for plans',
  operator: 'also changes workloads and networks, and uses consoles, screens, commands and files of guests',
  admin: 'also changes hosts, rules and tokens, adopts and takes back guests, and reads the audit log',
};
