import { localHost } from '@innkeeper/host';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import { type Inventory, openInventory } from '@innkeeper/inventory';
import { pathsUnder } from '@innkeeper/model';

/** An inventory on a PostgreSQL of its own below `prefix`, with no control plane; `close` leaves nothing of either. */
export const openBare = async (
  prefix: string,
): Promise<{ readonly inventory: Inventory; readonly close: () => Promise<void> }> => {
  const paths = pathsUnder(prefix);
  const machine = localHost('test');
  await machine.files.remove(paths.prefix);
  const { url } = await ensureDatabase(machine, paths);
  const inventory = await openInventory(url);
  return {
    inventory,
    close: async () => {
      await inventory.close();
      await stopDatabase(machine, paths);
      await machine.files.remove(paths.prefix);
    },
  };
};
