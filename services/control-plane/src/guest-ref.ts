import type { GuestRef } from '@innkeeper/driver-contract';
import type { WorkloadRow } from '@innkeeper/inventory';

/** The guest of a workload as its driver knows it: an adopted one keeps the name that its owner gave it. */
export const guestRefOf = ({ id, name, placed }: Pick<WorkloadRow, 'id' | 'name' | 'placed'>): GuestRef => ({
  uuid: id,
  name: placed?.guestName ?? name,
});
