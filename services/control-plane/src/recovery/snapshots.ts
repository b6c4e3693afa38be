import { findWorkloadById, lockWorkload, takeBackHeld, unfinishedOf } from '@innkeeper/inventory';
import type { Control } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';

/**
 * Which snapshots a workload has is what its host says, where the database may not know it. Left as it is while an operation of the
 * workload is unfinished, and when the host does not answer.
 */
export const takeBackSnapshots = async (control: Control, id: string): Promise<void> => {
  const workload = await findWorkloadById(control.inventory.db, id);
  if (workload?.placed == null) return;
  const { host, driver } = workload.placed;
  try {
    const held = await control.hosts.get(host)?.drivers.get(driver)?.snapshots?.(guestRefOf(workload));
    if (held === undefined) return;
    await control.inventory.transaction(async (tx) => {
      await lockWorkload(tx, workload.name);
      if ((await unfinishedOf(tx, id)).length === 0) await takeBackHeld(tx, id, held);
    });
  } catch (error) {
    control.log.warn({ workload: workload.name, err: error }, 'its snapshots could not be taken back');
  }
};
