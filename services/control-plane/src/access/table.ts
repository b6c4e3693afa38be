import type { Role } from '@innkeeper/model';

/**
 * What a request is about, for tokens that are bound to projects:
 *
 * | of         | a token that is bound to projects                                       |
 * |------------|-------------------------------------------------------------------------|
 * | shared     | may: it belongs to no project                                            |
 * | listed     | may, and whoever answers leaves out what is of other projects            |
 * | all        | may not: it shows or changes what belongs to everybody                   |
 * | workload … | may where the thing in the path is of one of its projects, else it is not there |
 */
export type Of = 'shared' | 'listed' | 'all' | 'workload' | 'network' | 'operation' | 'placement' | 'backup';

export interface Access {
  readonly role: Role;
  readonly of: Of;
  /**
   * How a change gets into the audit log: `within` its own transaction, or `after` it. Missing for what changes nothing.
   */
  readonly audit?: 'within' | 'after';
}

const reading = (of: Of, role: Role = 'viewer'): Access => ({ role, of });
const changing = (of: Of, role: Role = 'operator', audit: Access['audit'] = 'within'): Access => ({ role, of, audit });

/** Every route, and nothing else says who may what. A route without an entry is answered to nobody. */
export const accessTable: Readonly<Record<string, Access>> = {
  'GET /v1/me': reading('shared'),
  'GET /v1/workloads': reading('listed'),
  'GET /v1/workloads/{name}': reading('workload'),
  'PUT /v1/workloads/{name}': changing('workload'),
  'DELETE /v1/workloads/{name}': changing('workload'),
  'GET /v1/workloads/{name}/stats': reading('workload'),
  'GET /v1/workloads/{name}/diff': reading('workload'),
  'GET /v1/diff': reading('listed'),
  'POST /v1/workloads/{name}/start': changing('workload'),
  'POST /v1/workloads/{name}/stop': changing('workload'),
  'POST /v1/workloads/{name}/restart': changing('workload'),
  'POST /v1/workloads/{name}/pause': changing('workload'),
  'POST /v1/workloads/{name}/resume': changing('workload'),
  'POST /v1/workloads/{name}/clone': changing('workload'),
  'POST /v1/workloads/{name}/rename': changing('workload'),
  'GET /v1/workloads/{name}/snapshots': reading('workload'),
  'GET /v1/workloads/{name}/retention': reading('workload'),
  'POST /v1/workloads/{name}/snapshots': changing('workload'),
  'POST /v1/workloads/{name}/snapshots/{snapshot}/restore': changing('workload'),
  'PATCH /v1/workloads/{name}/snapshots/{snapshot}': changing('workload'),
  'DELETE /v1/workloads/{name}/snapshots/{snapshot}': changing('workload'),
  'POST /v1/workloads/{name}/backups': changing('workload'),
  'GET /v1/workloads/{name}/backup-retention': reading('workload'),
  'GET /v1/backups': reading('listed'),
  'GET /v1/backups/{backup}': reading('backup'),
  // What a guest held may be anything; what is copied out of it gets into the audit log by whoever answers.
  'GET /v1/backups/{backup}/files': reading('backup', 'operator'),
  'GET /v1/backups/{backup}/archive': reading('backup', 'operator'),
  'GET /v1/backups/{backup}/export': reading('backup', 'operator'),
  'POST /v1/backups': changing('all', 'admin'),
  'POST /v1/backups/{backup}/restore': changing('backup'),
  'POST /v1/backups/{backup}/verify': changing('backup'),
  'DELETE /v1/backups/{backup}': changing('backup'),
  // Who names a file of the machine, and a place for all that is held, acts as root of the machine.
  'GET /v1/backup-targets': reading('all'),
  'POST /v1/backup-targets': changing('all', 'admin'),
  'DELETE /v1/backup-targets/{name}': changing('all', 'admin'),
  'POST /v1/backup-targets/{name}/scan': changing('all', 'admin'),
  'POST /v1/backup-targets/{name}/prune': changing('all', 'admin'),
  'POST /v1/workloads/{name}/release': changing('workload', 'admin'),
  'POST /v1/workloads/{name}/confirm': changing('workload', 'admin'),
  'POST /v1/workloads/{name}/revert': changing('workload', 'admin'),
  'POST /v1/workloads/{name}/keys': changing('workload', 'operator', 'after'),
  'GET /v1/workloads/{name}/explain': reading('workload'),
  'GET /v1/workloads/{name}/why-not': reading('workload'),
  // What a guest shows may be anything that is in it.
  'GET /v1/workloads/{name}/screenshot': reading('workload', 'operator'),
  'GET /v1/workloads/{name}/logs': reading('workload', 'operator'),
  'STREAM /v1/workloads/{name}/exec': changing('workload'),
  'STREAM /v1/workloads/{name}/files': changing('workload'),
  'STREAM /v1/workloads/{name}/console': changing('workload'),
  'STREAM /v1/workloads/{name}/vnc': changing('workload'),

  'GET /v1/guests/{id}/adoption': reading('all'),
  'GET /v1/guests/{id}/conversion': reading('all'),
  'POST /v1/guests/{id}/adopt': changing('all', 'admin'),
  'POST /v1/guests/{id}/convert': changing('all', 'admin'),

  'GET /v1/networks': reading('listed'),
  'GET /v1/networks/{name}': reading('network'),
  'GET /v1/networks/{name}/leases': reading('network'),
  'PUT /v1/networks/{name}': changing('network'),
  'DELETE /v1/networks/{name}': changing('network'),

  'POST /v1/plan': reading('listed'),
  'POST /v1/capacity': reading('shared'),
  'GET /v1/rebalance': reading('all'),
  'GET /v1/placements': reading('listed'),
  'GET /v1/placements/{id}': reading('placement'),
  'POST /v1/placements/{id}/replay': reading('placement'),

  'GET /v1/rules': reading('shared'),
  'GET /v1/rules/{id}/versions': reading('shared'),
  'POST /v1/rules/test': reading('all'),
  'PUT /v1/rules/{id}': changing('all', 'admin'),
  'DELETE /v1/rules/{id}': changing('all', 'admin'),

  'GET /v1/operations': reading('listed'),
  'GET /v1/operations/{id}': reading('operation'),
  'POST /v1/operations/{id}/cancel': changing('operation'),
  'POST /v1/operations/{id}/retry': changing('operation'),
  'GET /v1/events': reading('listed'),

  'GET /v1/hosts': reading('listed'),
  'GET /v1/hosts/{name}': reading('listed'),
  'POST /v1/hosts': changing('all', 'admin', 'after'),
  'PATCH /v1/hosts/{name}': changing('all', 'admin'),
  'DELETE /v1/hosts/{name}': changing('all', 'admin'),
  'GET /v1/hosts/{name}/drain': reading('all'),
  'POST /v1/hosts/{name}/confirm-dead': changing('all', 'admin', 'after'),
  'POST /v1/hosts/{name}/return': changing('all', 'admin', 'after'),

  // A directory of a host may be anything: who makes it a pool acts as root of the host.
  'GET /v1/pools': reading('listed'),
  'POST /v1/hosts/{name}/pools': changing('all', 'admin', 'after'),
  'DELETE /v1/hosts/{name}/pools/{pool}': changing('all', 'admin', 'after'),

  'POST /v1/recover': changing('all', 'admin', 'after'),
  'GET /v1/dumps': reading('all', 'admin'),
  'POST /v1/dumps': changing('all', 'admin', 'after'),

  // A file of the machine may be anything, and an address anywhere: who imports acts as root of the machine.
  'GET /v1/images': reading('listed'),
  'GET /v1/images/{name}': reading('listed'),
  'POST /v1/images': changing('all', 'admin'),
  'POST /v1/images/{name}/refresh': changing('all', 'admin'),
  'DELETE /v1/images/{name}': changing('all', 'admin'),

  'GET /v1/tokens': reading('all', 'admin'),
  'POST /v1/tokens': changing('all', 'admin'),
  'DELETE /v1/tokens/{id}': changing('all', 'admin'),
  'GET /v1/audit': reading('listed', 'admin'),

  'GET /v1/schema': reading('shared'),
  'GET /v1/doctor': reading('all'),
  'GET /v1/version': reading('shared'),
};
