import { type HostRow, listBackupTargets } from '@innkeeper/inventory';
import { type Finding, InnkeeperError } from '@innkeeper/model';
import type { Control } from '../control.ts';

/** Whether a host can send to the targets that there are. */
export const backupFindings = async (control: Control, { name }: HostRow): Promise<Finding[]> => {
  const managed = control.hosts.get(name);
  if (managed === undefined) return [];
  const reached = (await listBackupTargets(control.inventory.db)).filter(({ spec }) => (spec.host ?? name) === name);
  if (reached.length === 0) return [];
  const check = `${name}: backups`;
  try {
    const { stdout } = await managed.host.run(['restic', 'version']);
    return [{ check, level: 'ok', text: stdout.trim().split(' compiled', 1)[0] ?? '' }];
  } catch (error) {
    if (!(error instanceof InnkeeperError) || error.code !== 'host_error') throw error;
    return [
      {
        check,
        level: 'warning',
        text: `restic is missing: nothing can go to ${reached.map((one) => one.name).join(', ')}`,
        fix: 'apt-get install restic',
      },
    ];
  }
};
