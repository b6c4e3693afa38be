import type { Step } from '@innkeeper/driver-contract';
import {
  claimCapacity,
  claimNetwork,
  deleteWorkload,
  isDuplicate,
  listGuests,
  markRunning,
  releaseClaims,
  updateWorkload,
} from '@innkeeper/inventory';
import { completeSpec, formatSize, InnkeeperError, type Problem } from '@innkeeper/model';
import type { Control } from '../control.ts';
import { foreignUse } from '../foreign.ts';
import { guestRefOf } from '../guest-ref.ts';
import { adopterOf, metadataStep, placeOf } from './adopted.ts';
import { observeStep } from './apply.ts';
import type { OperationContext, OperationDefinition, Told } from './kind.ts';

/** What it uses was the foreign guests' until now, and is its own: nobody is promised it in between. */
const claim = async (context: OperationContext): Promise<void> => {
  const { control, workload } = context;
  const { host } = placeOf(context);
  const spec = completeSpec(workload.spec);
  await control.inventory.transaction(async (tx) => {
    await releaseClaims(tx, workload.id);
    const others = (await listGuests(tx)).filter(({ uuid }) => uuid !== workload.id);
    const fits = await claimCapacity(tx, {
      workloadId: workload.id,
      host,
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      diskBytes: 0,
      foreign: foreignUse(others, host, control.installation),
    });
    if (!fits)
      throw new InnkeeperError(
        'conflict',
        `${host} takes nothing new, or has no room for ${spec.cpus} processors and ${formatSize(spec.memoryBytes)} that ${workload.name} may use`,
        { hint: `inn host show ${host}; inn host set ${host} --memory-ratio … lets it promise more` },
      );
    for (const [position, { network, mac = '' }] of spec.networks.entries())
      await claimNetwork(tx, { workloadId: workload.id, position, host, network, mac, candidates: [] });
  });
};

/** Capacity and MAC addresses. */
export const claimStep = (context: OperationContext): Step => ({
  name: 'claims',
  run: async () => {
    try {
      await claim(context);
    } catch (error) {
      if (!isDuplicate(error, 'network_claims_mac_unique')) throw error;
      throw new InnkeeperError('conflict', `A MAC address of ${context.workload.name} is held by another workload`, {
        cause: error,
      });
    }
  },
  undo: () => releaseClaims(context.control.inventory.db, context.workload.id),
});

const observe = ({ control }: { readonly control: Control }, { host, driver }: ReturnType<typeof placeOf>) =>
  control.observe(host, driver);

/** It is as foreign as before: there is no workload that could have failed. */
export const forgetFailed = async (
  context: OperationContext,
  problem: Problem,
  what: 'adopted' | 'converted',
): Promise<Told> => {
  const { control, workload } = context;
  await deleteWorkload(control.inventory.db, workload.id);
  await observe(context, placeOf(context)).catch(() => undefined);
  return { kind: 'workload.failed', text: `${workload.name} was not ${what}: ${problem.detail}` };
};

/** A guest that was there before becomes a workload where it stands. */
export const adopt: OperationDefinition = {
  steps: (context) => [claimStep(context), metadataStep(context, 'release'), observeStep(context, placeOf(context))],
  undoOnFailure: true,
  onDone: async (context) => {
    const { control, workload } = context;
    const { db } = control.inventory;
    const { host } = placeOf(context);
    await updateWorkload(db, workload.id, { state: 'ready', appliedGeneration: workload.generation, error: null });
    if (completeSpec(workload.spec).power === 'running') await markRunning(db, workload.id, host);
    return { kind: 'workload.adopted', text: `${workload.name} was adopted on ${host}` };
  },
  onFailed: (context, problem) => forgetFailed(context, problem, 'adopted'),
};

const noUndo = 'giving back goes forward';

/** An adopted guest is given back as it was; what Innkeeper knew of it goes. */
export const release: OperationDefinition = {
  steps: (context) => [
    { name: 'metadata', run: () => adopterOf(context).release(guestRefOf(context.workload)), noUndo },
    // Before its record goes: at no moment is it in no list.
    { name: 'observe', run: () => observe(context, placeOf(context)), noUndo },
    {
      name: 'forget',
      run: () =>
        context.control.inventory.transaction(async (tx) => {
          await releaseClaims(tx, context.workload.id);
          await deleteWorkload(tx, context.workload.id);
        }),
      noUndo,
    },
  ],
  undoOnFailure: false,
  onDone: async ({ workload }) => ({ kind: 'workload.released', text: `${workload.name} was given back` }),
  onFailed: async ({ workload }, problem) => ({
    kind: 'workload.failed',
    text: `${workload.name} was not given back: ${problem.detail}`,
  }),
};
