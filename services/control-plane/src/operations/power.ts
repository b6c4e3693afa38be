import type { Driver, GuestRef, Step, StepContext } from '@innkeeper/driver-contract';
import { markRunning, updateWorkload } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { stillStarting } from '../lifecycle/after-boot.ts';
import { observeStep } from './apply.ts';
import { requireReturned } from './host.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';
import { keepFailure, stopTimeoutMs } from './outcome.ts';
import { Waiting } from './waiting.ts';

interface Act {
  readonly name: string;
  readonly run: (driver: Driver, guest: GuestRef, context: StepContext) => Promise<void>;
}

const start: Act = { name: 'start', run: (driver, guest) => driver.start(guest) };
const stop: Act = {
  name: 'stop',
  run: (driver, guest, { signal }) => driver.stop(guest, { mode: 'graceful', timeoutMs: stopTimeoutMs }, signal),
};

const unsupported = (name: string, driver: Driver): never => {
  throw new InnkeeperError('unsupported', `${name} runs on ${driver.info().id}, which cannot pause`);
};
const pause: Act = {
  name: 'pause',
  run: async (driver, guest) => (driver.pause === undefined ? unsupported(guest.name, driver) : driver.pause(guest)),
};
const resume: Act = {
  name: 'resume',
  run: async (driver, guest) => (driver.resume === undefined ? unsupported(guest.name, driver) : driver.resume(guest)),
};

/** Only after a boot: a user who says start means now. */
const dependenciesStep = ({ control, workload }: OperationContext): Step => ({
  name: 'dependencies',
  run: async () => {
    const names = await stillStarting(control, workload);
    if (names.length > 0) throw new Waiting(`${names.join(', ')} to be started first`);
  },
  noUndo: 'looking changes nothing',
});

const power = (name: string, ...acts: readonly Act[]): OperationDefinition => ({
  steps: (context: OperationContext): readonly Step[] => {
    const { control, workload } = context;
    const { placed } = workload;
    if (placed === null)
      throw new InnkeeperError('conflict', `${workload.name} has no guest`, { hint: 'apply its manifest again' });
    const driver = driverOf(control, placed.host, placed.driver);
    const guest = guestRefOf(workload);
    return [
      ...(context.memory.afterBoot === true ? [dependenciesStep(context)] : []),
      ...acts.map((act) => ({
        name: act.name,
        run: async (step: StepContext) => {
          if (act === start || act === resume) await requireReturned(context, placed.host);
          await act.run(driver, guest, step);
          if (act === start || act === resume) await markRunning(control.inventory.db, workload.id, placed.host);
        },
        noUndo: 'power is set again by asking again',
      })),
      observeStep(context, placed),
    ];
  },
  undoOnFailure: false,
  onDone: async ({ control, workload }) => {
    if (workload.error !== null) await updateWorkload(control.inventory.db, workload.id, { error: null });
    return { kind: `workload.${name}`, text: `${workload.name}: ${name} done` };
  },
  onFailed: keepFailure,
});

export const powerOperations = {
  start: power('start', start),
  stop: power('stop', stop),
  restart: power('restart', stop, start),
  pause: power('pause', pause),
  resume: power('resume', resume),
};
