import type { GuestRow, WorkloadRow } from '@innkeeper/inventory';
import {
  type CompleteSpec,
  completeSpec,
  formatSize,
  type GuestObservation,
  isAdopted,
  newerThanInventory,
} from '@innkeeper/model';

/** What an observation says of a field that somebody can edit with other tools. */
interface Amount {
  readonly field: 'cpus' | 'memory';
  readonly asked: number;
  /** As it runs. */
  readonly has: number;
  /** As the definition says; undefined where nobody has edited it. */
  readonly edited: number | undefined;
  readonly text: (amount: number) => string;
}

/** Sizes that look the same in words are told apart by their numbers. */
const sizeText =
  (...amounts: readonly (number | undefined)[]) =>
  (amount: number): string => {
    const same = amounts.filter((other) => other !== undefined && formatSize(other) === formatSize(amount));
    return new Set(same).size > 1 ? `${Math.floor(amount / 1024)}KiB` : formatSize(amount);
  };

const amountsOf = ({ cpus, memoryBytes, edited }: GuestObservation, asked: CompleteSpec): Amount[] => [
  {
    field: 'cpus',
    asked: asked.cpus,
    has: cpus,
    edited: edited?.cpus,
    text: (amount) => String(Math.round(amount * 100) / 100),
  },
  {
    field: 'memory',
    asked: asked.memoryBytes,
    has: memoryBytes,
    edited: edited?.memoryBytes,
    text: sizeText(asked.memoryBytes, edited?.memoryBytes),
  },
];

const later = ({ state }: GuestObservation, { has, edited }: Amount): string =>
  state === 'stopped' || has === edited ? '' : ' from its next start on';

/** Fields that somebody gave another value behind Innkeeper's back, with what was asked when it was defined. */
const edits = (observation: GuestObservation): { readonly field: string; readonly text: string }[] => {
  const { ownership, edited } = observation;
  if (ownership === undefined || edited === undefined) return [];
  return amountsOf(observation, completeSpec(ownership.spec)).flatMap((amount) =>
    amount.edited === undefined
      ? []
      : [
          {
            field: amount.field,
            text: `${amount.field}: ${amount.text(amount.asked)} was asked, the guest has ${amount.text(amount.edited)}${later(observation, amount)}`,
          },
        ],
  );
};

const metadataDrift = ({ ownership }: GuestObservation, { generation }: WorkloadRow): string[] => {
  if (ownership === undefined) return ['metadata: the guest does not say any more that it is ours'];
  if (ownership.generation <= generation) return [];
  return [`${newerThanInventory} ${ownership.generation}, of which the database knows ${generation}: inn recover`];
};

const ofGuest = (observation: GuestObservation, row: WorkloadRow): string[] => {
  const wanted = row.spec.power ?? 'running';
  const found = edits(observation);
  const pending = (observation.needsRestart ?? []).filter((field) => found.every((edit) => edit.field !== field));
  return [
    ...(observation.state === wanted ? [] : [`power: ${wanted} was asked, the guest is ${observation.state}`]),
    ...metadataDrift(observation, row),
    ...found.map(({ text }) => text),
    // An adopted one's goes on being its backend's, unless it was taken.
    ...(row.spec.autostart === false && observation.autostart === true && !isAdopted(row.spec)
      ? ['autostart: false was asked, its host starts the guest when it boots']
      : []),
    ...pending.map((field) => `${field}: acts from its next start on`),
  ];
};

/** Where the world differs from what was asked, a line for each; while something is being done about it, nothing is drift. */
export const driftOf = (row: WorkloadRow, guest: GuestRow | undefined, busy: boolean): string[] => {
  if (row.state !== 'ready' || busy) return [];
  return [
    ...(guest === undefined ? [] : ofGuest(guest.observation, row)),
    ...(row.appliedGeneration < row.generation ? ['a change is not applied yet'] : []),
  ];
};
