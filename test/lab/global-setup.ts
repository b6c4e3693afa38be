import { isFresh, labHost, startMachine } from './lab-host.ts';
import { makeParcel, removeParcel } from './parcel.ts';

/** One machine for all files of the suite: each leaves it as it found it, and booting takes longer than many a test. */
export default async (): Promise<() => Promise<void>> => {
  await startMachine(await makeParcel(isFresh ? 'bundle' : 'tree'));
  await removeParcel();
  return async () => {
    await labHost(['stop']);
  };
};
