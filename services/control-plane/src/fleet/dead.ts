import { confirmBack, confirmDead, findHost } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { type Control, tell } from '../control.ts';
import { startAfterBoot } from '../lifecycle/after-boot.ts';
import { hostStateOf } from '../snapshot.ts';
import { localAddress } from './open.ts';
import { noSuchHost } from './remove.ts';

const find = async ({ inventory }: Control, name: string) => {
  const row = await findHost(inventory.db, name);
  if (row === undefined) throw noSuchHost(name);
  return row;
};

/**
 * A person says that a host that does not answer is off, by typing its name. Its epoch grows; everything that its guests hold stays
 * held. Throws `invalid` for another name, `conflict` for a host that answers, or may still.
 */
export const sayDead = async (control: Control, name: string, typed: string, who: string): Promise<void> => {
  const row = await find(control, name);
  if (typed !== name)
    throw new InnkeeperError('invalid', `name: "${typed.slice(0, 80)}" is not the name of the host`, {
      hint: `type ${name}`,
    });
  if (row.address === localAddress)
    throw new InnkeeperError('conflict', `${name} is the machine that Innkeeper runs on: it is not dead`);
  if (row.confirmedDeadAt !== null) return;
  if (!(await confirmDead(control.inventory.db, name, who)))
    throw new InnkeeperError(
      'conflict',
      `${name} is ${hostStateOf(row)}: only one that is unreachable can be said to be dead`,
      {
        hint: 'a host is unreachable when it has not answered for a minute',
      },
    );
  await tell(control, {
    kind: 'host.confirmed-dead',
    subject: { kind: 'host', id: row.id, name },
    text: `${who} says that ${name} is off (epoch ${row.epoch + 1}); what its guests hold stays held, and nothing is started there when it is back`,
  });
};

/** A host that was said to be dead, and answers, is one like any other again. Throws `conflict` for all others. */
export const sayBack = async (control: Control, name: string, who: string): Promise<void> => {
  const row = await find(control, name);
  if (!(await confirmBack(control.inventory.db, name)))
    throw new InnkeeperError('conflict', `${name} is ${hostStateOf(row)}, not quarantined`, {
      hint: row.confirmedDeadAt === null ? 'nobody said that it was dead' : 'it has to answer first',
    });
  await tell(control, {
    kind: 'host.returned',
    subject: { kind: 'host', id: row.id, name },
    text: `${who} says that ${name} is back: it is no longer quarantined`,
  });
  await startAfterBoot(control);
  control.wakeWaiting();
  control.tendLives();
};
