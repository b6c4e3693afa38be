import { setTimeout as delay } from 'node:timers/promises';
import type { Driver, GuestRef, Step } from '@innkeeper/driver-contract';
import { deleteGuest, deleteWorkload, releaseClaims, updateBackup } from '@innkeeper/inventory';
import { completeSpec, InnkeeperError } from '@innkeeper/model';
import { sweepImages } from '@innkeeper/storage';
import { driverOf } from '../control.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { type Placed, placedOf } from './place.ts';
import { bringingSteps, leaveNothing, originOf } from './restore-backup.ts';

const noUndo = 'it is removed in any case';
/** How long what was brought back may take until a program inside answers; a machine that is emulated boots for minutes. */
const patienceMs = { lxc: 3 * 60_000, kvm: 15 * 60_000 } as const;
/** A machine in which nobody may ever answer is seen to run for as long as this. */
const longEnoughMs = 60_000;
const lookAgainMs = 500;

/** What was seen of what was brought back, for people. */
const seenTexts = {
  answered: 'a program inside answered',
  ran: 'ran on for a minute; no program inside answers, as none need where the image is not one of ours',
} as const;
type Seen = keyof typeof seenTexts;

const seenOf = ({ memory }: OperationContext): Seen => (memory.seen as Seen | undefined) ?? 'answered';

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

/** Images that we build serve commands; what others hold in their disks, or nothing, is not known. */
const mustAnswer = ({ workload }: OperationContext, { candidate }: Placed): boolean =>
  candidate.backend === 'lxc' || completeSpec(workload.spec).image.source.kind === 'mmdebstrap';

interface Look {
  readonly driver: Driver;
  readonly guest: GuestRef;
  /** Of the backup. */
  readonly name: string;
  readonly patienceMs: number;
  readonly mustAnswer: boolean;
}

const lookInside = async ({ driver, guest, name, ...look }: Look, signal: AbortSignal): Promise<Seen> => {
  const deadline = Date.now() + look.patienceMs;
  for (;;) {
    const isOver = Date.now() > deadline;
    const seen = await driver.inspect(guest);
    if (seen?.state !== 'running')
      throw new InnkeeperError('host_error', `What was made of the backup ${name} ended by itself after its start`);
    if (await answers(driver, guest)) return 'answered';
    if (isOver && !look.mustAnswer) return 'ran';
    if (isOver)
      throw new InnkeeperError('host_error', `What was made of the backup ${name} runs, and no program inside answers`);
    await delay(lookAgainMs, undefined, { signal });
  }
};

const checkStep = (context: OperationContext, placed: Placed): Step => ({
  name: 'check',
  run: async ({ signal }) => {
    const { candidate, plan } = placed;
    const required = mustAnswer(context, placed);
    const look: Look = {
      driver: driverOf(context.control, candidate.host, candidate.driver),
      guest: { uuid: plan.uuid, name: plan.name },
      name: originOf(context).name,
      patienceMs: required ? patienceMs[candidate.backend] : longEnoughMs,
      mustAnswer: required,
    };
    await context.remember({ seen: await lookInside(look, signal) });
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
  run: () =>
    say(context, true, `made a workload on ${candidate.host}, which started, and ${seenTexts[seenOf(context)]}`),
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
      text: `The backup ${originOf(context).name} was made a workload, which started, and ${seenTexts[seenOf(context)]}`,
    };
  },
  onFailed: async (context, problem) => {
    if (problem.code !== 'cancelled') await say(context, false, problem.detail);
    await leaveNothing(context, problem);
    await sweepHost(context);
    return { kind: 'backup.broken', text: `The backup ${originOf(context).name} was not verified: ${problem.detail}` };
  },
};
