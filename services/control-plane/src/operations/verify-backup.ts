import { setTimeout as delay } from 'node:timers/promises';
import type { Driver, GuestRef, Step } from '@innkeeper/driver-contract';
import { deleteGuest, deleteWorkload, releaseClaims, updateBackup } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { sweepImages } from '@innkeeper/storage';
import { driverOf } from '../control.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { type Placed, placedOf } from './place.ts';
import { bringingSteps, leaveNothing, originOf } from './restore-backup.ts';

const noUndo = 'it is removed in any case';
/** How long what was brought back may take until a program inside answers. */
const patienceMs = 3 * 60_000;
const lookAgainMs = 500;

/** A program of the guest's own runs in it, and ends well. */
const answers = async (driver: Driver, guest: GuestRef): Promise<boolean> => {
  if (driver.exec === undefined) return true;
  try {
    const running = await driver.exec(guest, { command: ['true'], env: {}, cwd: undefined, tty: undefined });
    running.stdin.end();
    running.stdout.resume();
    running.stderr.resume();
    return (await running.exit).code === 0;
  } catch (error) {
    if (error instanceof InnkeeperError && error.code === 'fenced') throw error;
    return false;
  }
};

const lookInside = async (driver: Driver, guest: GuestRef, name: string, signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const seen = await driver.inspect(guest);
    if (seen?.state !== 'running')
      throw new InnkeeperError('host_error', `What was made of the backup ${name} ended by itself after its start`);
    if (await answers(driver, guest)) return;
    if (Date.now() > deadline)
      throw new InnkeeperError('host_error', `What was made of the backup ${name} runs, and no program inside answers`);
    await delay(lookAgainMs, undefined, { signal });
  }
};

const checkStep = (context: OperationContext, { candidate, plan }: Placed): Step => ({
  name: 'check',
  run: ({ signal }) => {
    const driver = driverOf(context.control, candidate.host, candidate.driver);
    return lookInside(driver, { uuid: plan.uuid, name: plan.name }, originOf(context).name, signal);
  },
  noUndo: 'looking changes nothing',
});

const say = (context: OperationContext, ok: boolean, text: string): Promise<void> =>
  updateBackup(context.control.inventory.db, originOf(context).id, {
    verifiedAt: new Date(),
    verifiedOk: ok,
    verifiedText: text,
  });

const recordStep = (context: OperationContext, { candidate }: Placed): Step => ({
  name: 'record',
  run: () => say(context, true, `made a workload on ${candidate.host}, which started, and a program inside answered`),
  noUndo: 'what was found stays found',
});

const forgetStep = (context: OperationContext, { candidate }: Placed): Step => ({
  name: 'forget',
  run: () =>
    context.control.inventory.transaction(async (tx) => {
      const { id } = context.workload;
      await releaseClaims(tx, id);
      await deleteGuest(tx, candidate.host, candidate.driver, id);
      await deleteWorkload(tx, id);
    }),
  noUndo,
});

const steps = (context: OperationContext): readonly Step[] => {
  const placed = placedOf(context.memory);
  const bringing = bringingSteps(context);
  if (placed === undefined || context.memory.held === undefined) return bringing;
  const driver = driverOf(context.control, placed.candidate.host, placed.candidate.driver);
  const guest = { uuid: placed.plan.uuid, name: placed.plan.name };
  return [
    ...bringing,
    checkStep(context, placed),
    recordStep(context, placed),
    ...driver.destroy(guest, [], 'delete'),
    forgetStep(context, placed),
  ];
};

/** The image may have come for this look alone; one that cannot be taken away now goes with the next import. */
const sweepHost = async ({ control, memory }: OperationContext): Promise<void> => {
  const managed = control.hosts.get(placedOf(memory)?.candidate.host ?? '');
  if (managed === undefined) return;
  await sweepImages(managed.host, control.config.paths).catch((error: unknown) =>
    control.log.warn({ host: managed.name, err: error }, 'images that nobody stands on could not be taken away'),
  );
};

/** A workload without a network that is made of a backup to see that it starts, and is gone afterwards. */
export const verifyBackup: OperationDefinition = {
  steps,
  undoOnFailure: true,
  onDone: async (context) => {
    await sweepHost(context);
    return {
      kind: 'backup.verified',
      text: `The backup ${originOf(context).name} was made a workload, which started, and a program inside answered`,
    };
  },
  onFailed: async (context, problem) => {
    if (problem.code !== 'cancelled') await say(context, false, problem.detail);
    await leaveNothing(context, problem);
    await sweepHost(context);
    return { kind: 'backup.broken', text: `The backup ${originOf(context).name} was not verified: ${problem.detail}` };
  },
};
