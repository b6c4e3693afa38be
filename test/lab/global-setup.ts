import { buildDisk, isFresh, machines } from './lab-host.ts';
import { makeParcel, removeParcel } from './parcel.ts';

/** What all machines of the suite need is made once. None runs on when the suite ends, however it ended. */
export default async (): Promise<() => Promise<void>> => {
  await buildDisk();
  await makeParcel(isFresh ? 'bundle' : 'tree');
  return async () => {
    for (const machine of Object.values(machines)) await machine.stop();
    await removeParcel();
  };
};
