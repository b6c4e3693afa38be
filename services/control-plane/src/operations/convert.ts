import type { PortableContainer, Step } from '@innkeeper/driver-contract';
import { deleteGuest, deleteWorkload, releaseClaims, updateWorkload } from '@innkeeper/inventory';
import { InnkeeperError } from '@innkeeper/model';
import { driverOf } from '../control.ts';
import { exportingOf, importingOf, limited } from '../conversion.ts';
import { guestRefOf } from '../guest-ref.ts';
import { claimStep, forgetFailed } from './adopt.ts';
import { metadataStep, ownershipFor, placeOf } from './adopted.ts';
import { observeStep } from './apply.ts';
import type { OperationContext, OperationDefinition } from './kind.ts';

const originOf = (context: OperationContext) => {
  const { host, convertedFrom } = placeOf(context);
  if (convertedFrom === undefined) throw new InnkeeperError('internal', `${context.workload.name} was not converted`);
  const { driver, uuid, name } = convertedFrom;
  return { host, driver, guest: { uuid, name }, exporting: exportingOf(driverOf(context.control, host, driver)) };
};

const portableStep = (context: OperationContext): Step => ({
  name: 'read',
  run: async () => {
    const { exporting, guest } = originOf(context);
    const container = await exporting.portable(guest);
    await context.remember({ container: limited(container, context.workload.spec.memory) });
  },
  noUndo: 'looking changes nothing',
});

const defineStep = (context: OperationContext, container: PortableContainer): Step => {
  const { control, workload } = context;
  const importing = importingOf(control, placeOf(context).host);
  return {
    name: 'define',
    run: () => importing.importContainer(container, workload.id, ownershipFor(context)),
    undo: () => importing.forgetImported(guestRefOf(workload)),
  };
};

/** Before it is defined: at no moment do two backends know it. */
const asideStep = (context: OperationContext): Step => {
  const { exporting, guest } = originOf(context);
  return { name: 'set aside', run: () => exporting.setAside(guest), undo: () => exporting.putBack(guest) };
};

const lookStep = (context: OperationContext): Step => {
  const { host, driver } = originOf(context);
  return { name: 'look', run: () => context.control.observe(host, driver), noUndo: 'looking changes nothing' };
};

/** A classic container that does not run becomes one of libvirt on the same root; its config is kept. */
export const convert: OperationDefinition = {
  steps: (context) => {
    const container = context.memory.container as PortableContainer | undefined;
    if (container === undefined) return [portableStep(context)];
    return [
      portableStep(context),
      claimStep(context),
      asideStep(context),
      defineStep(context, container),
      lookStep(context),
      observeStep(context, placeOf(context)),
    ];
  },
  undoOnFailure: true,
  onDone: async (context) => {
    const { control, workload } = context;
    await updateWorkload(control.inventory.db, workload.id, {
      state: 'ready',
      appliedGeneration: workload.generation,
      error: null,
    });
    return { kind: 'workload.converted', text: `${workload.name} is a container of libvirt now` };
  },
  onFailed: async (context, problem) => {
    const { control } = context;
    const { host, driver } = originOf(context);
    const told = await forgetFailed(context, problem, 'converted');
    await control.observe(host, driver).catch(() => undefined);
    return told;
  },
};

const noUndo = 'giving back goes forward';

/** The classic container is back as it was; libvirt knows nothing of it any more. */
export const revert: OperationDefinition = {
  steps: (context) => {
    const { control, workload } = context;
    const place = placeOf(context);
    const { exporting, guest } = originOf(context);
    return [
      {
        name: 'undefine',
        run: () => importingOf(control, place.host).forgetImported(guestRefOf(workload)),
        noUndo,
      },
      { name: 'put back', run: () => exporting.putBack(guest), noUndo },
      lookStep(context),
      {
        name: 'forget',
        run: () =>
          control.inventory.transaction(async (tx) => {
            await releaseClaims(tx, workload.id);
            await deleteGuest(tx, place.host, place.driver, workload.id);
            await deleteWorkload(tx, workload.id);
          }),
        noUndo,
      },
    ];
  },
  undoOnFailure: false,
  onDone: async ({ workload }) => ({
    kind: 'workload.reverted',
    text: `${workload.name} is a classic container again`,
  }),
  onFailed: async ({ workload }, problem) => ({
    kind: 'workload.failed',
    text: `${workload.name} was not turned back: ${problem.detail}`,
  }),
};

/** What was kept of the classic container is deleted. */
export const confirm: OperationDefinition = {
  steps: (context) => {
    const { control, workload } = context;
    const place = placeOf(context);
    const { convertedFrom, ...placed } = place;
    return [
      {
        name: 'discard',
        run: async () => {
          // Not there any more: a repetition of what was done.
          if (convertedFrom === undefined) return;
          const { exporting, guest } = originOf(context);
          await exporting.discard(guest);
          await updateWorkload(control.inventory.db, workload.id, { placed });
        },
        noUndo: 'what was confirmed is not taken back',
      },
      metadataStep({ control, workload: { ...workload, placed } }, 'keep'),
    ];
  },
  undoOnFailure: false,
  onDone: async ({ workload }) => ({
    kind: 'workload.confirmed',
    text: `the conversion of ${workload.name} is confirmed`,
  }),
  onFailed: async ({ workload }, problem) => ({
    kind: 'workload.failed',
    text: `the conversion of ${workload.name} was not confirmed: ${problem.detail}`,
  }),
};
