import type { Step } from '@innkeeper/driver-contract';
import { completeSpec, InnkeeperError, type Ownership } from '@innkeeper/model';
import { adopting } from '../adoption.ts';
import { driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import type { OperationContext } from './kind.ts';

type Adopted = Pick<OperationContext, 'control' | 'workload'>;

/** Where it is: an adopted workload has a place from its first moment on. */
export const placeOf = ({ workload }: Adopted) => {
  if (workload.placed !== null) return workload.placed;
  throw new InnkeeperError('internal', `${workload.name} was adopted and is nowhere`);
};

/** What stands in its metadata. */
export const ownershipFor = ({ control, workload }: Adopted): Ownership => ({
  installation: control.installation,
  workloadId: workload.id,
  generation: workload.generation,
  spec: workload.spec,
  ...(workload.placed?.guestName === undefined ? {} : { name: workload.name }),
  ...(workload.placed?.convertedFrom === undefined ? {} : { convertedFrom: workload.placed.convertedFrom }),
  claims: { networks: completeSpec(workload.spec).networks.map(({ network, mac = '' }) => ({ network, mac })) },
});

export const adopterOf = (context: Adopted) => {
  const { host, driver } = placeOf(context);
  return adopting(driverOf(context.control, host, driver));
};

/** The first time, and again whenever what Innkeeper knows of it changes. */
export const metadataStep = (context: Adopted, undo: 'release' | 'keep'): Step => {
  const run = () => adopterOf(context).adopt(guestRefOf(context.workload), ownershipFor(context));
  return undo === 'release'
    ? { name: 'metadata', run, undo: () => adopterOf(context).release(guestRefOf(context.workload)) }
    : { name: 'metadata', run, noUndo: 'the next apply says it again' };
};
