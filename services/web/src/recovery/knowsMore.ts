import { newerThanInventory, unknownToInventory, type WorkloadView } from '@innkeeper/model';

/** A guest of this installation that its inventory does not know: shown as one that is not managed. */
export const isUnknown = ({ reason }: WorkloadView): boolean => reason?.startsWith(unknownToInventory) === true;

/** A workload whose guest was brought to something that the inventory does not know. */
export const isNewer = ({ drift }: WorkloadView): boolean => drift.some((line) => line.startsWith(newerThanInventory));
