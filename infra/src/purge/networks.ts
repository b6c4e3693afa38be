import { askApi, itemsOf } from '../api.ts';
import type { Ground } from '../setup/step.ts';

/** Those of hosts are nobody's to delete. */
const managedNames = async (socket: string): Promise<string[]> =>
  itemsOf(await askApi(socket, { path: '/v1/networks' }))
    .filter((item) => item.managed === true)
    .map((item) => String(item.name));

/** Takes every network of the inventory from the hosts, when no workload is left. Throws with the reason of the first that stays. */
export const removeNetworks = async ({ paths, report }: Ground): Promise<void> => {
  const names = await managedNames(paths.socket);
  for (const name of names)
    await askApi(paths.socket, {
      method: 'DELETE',
      path: `/v1/networks/${encodeURIComponent(name)}`,
      timeoutMs: 120_000,
    });
  if (names.length > 0) report.done('networks', `removed ${names.join(', ')}`);
};
