import type { GuestRow, WorkloadRow } from '@innkeeper/inventory';
import {
  completeSpec,
  type Difference,
  formatSize,
  type GuestObservation,
  isAdopted,
  specChanges,
  type WorkloadSpec,
} from '@innkeeper/model';

type Row = Pick<WorkloadRow, 'name' | 'spec' | 'generation' | 'placed'>;

const applyAgain = (name: string): string => `inn apply, or any change of ${name}, sets it back`;

/** The word that says what is asked of its power. */
const powerWords: Readonly<Record<string, string>> = { running: 'start', stopped: 'stop', paused: 'pause' };

const powerOf = ({ name, spec }: Row, { state }: GuestObservation): Difference[] => {
  const asked = spec.power ?? 'running';
  if (state === asked) return [];
  const remedy = `inn ${powerWords[asked]} ${name}; what it does is left alone until then`;
  return [{ field: 'power', what: 'changed', asked, defined: undefined, observed: state, remedy }];
};

/** Processors and memory that somebody edited, against what was asked when it was defined. */
const editedOf = ({ name }: Row, { edited, cpus, memoryBytes, ownership }: GuestObservation): Difference[] => {
  if (edited === undefined || ownership === undefined) return [];
  const asked = completeSpec(ownership.spec);
  const one = (field: string, was: unknown, defined: unknown, observed: unknown): Difference[] =>
    defined === undefined ? [] : [{ field, what: 'changed', asked: was, defined, observed, remedy: applyAgain(name) }];
  const size = (bytes: number | undefined): string | undefined => (bytes === undefined ? undefined : formatSize(bytes));
  return [
    ...one('cpus', asked.cpus, edited.cpus, cpus),
    ...one('memory', size(asked.memoryBytes), size(edited.memoryBytes), size(memoryBytes)),
  ];
};

const autostartOf = ({ name, spec }: Row, { autostart }: GuestObservation): Difference[] =>
  spec.autostart === false && autostart === true && !isAdopted(spec)
    ? [{ field: 'autostart', what: 'changed', asked: false, defined: true, observed: true, remedy: applyAgain(name) }]
    : [];

/** Power is not written to the guest; all other fields are when it is brought to them. */
const unapplied = ({ name, spec, placed }: Row, written: WorkloadSpec): Difference[] =>
  specChanges(written, spec, placed?.backend)
    .filter(({ field }) => field !== 'power')
    .map(({ field, from, to }) => ({
      field,
      what: 'not applied' as const,
      asked: to,
      defined: from,
      observed: undefined,
      remedy: `inn apply, or inn operation ls: what was to bring ${name} to it has not, or not yet`,
    }));

const pendingOf = ({ name, spec }: Row, fields: readonly string[]): Difference[] =>
  fields.map((field) => ({
    field,
    what: 'next start' as const,
    asked: field in spec ? spec[field as keyof WorkloadSpec] : undefined,
    defined: undefined,
    observed: undefined,
    remedy: `inn restart ${name}`,
  }));

const whole = (
  field: string,
  what: Difference['what'],
  asked: unknown,
  observed: unknown,
  remedy: string,
): Difference => ({
  field,
  what,
  asked,
  defined: undefined,
  observed,
  remedy,
});

const metadataOf = ({ name, generation }: Row, { ownership }: GuestObservation): Difference[] => {
  if (ownership === undefined)
    return [whole('metadata', 'changed', 'says whose it is', 'says nothing', applyAgain(name))];
  if (ownership.generation <= generation) return [];
  return [whole('generation', 'newer', generation, ownership.generation, 'inn recover')];
};

/**
 * What the user set against what there is, field by field: what others changed, what acts from the next start on, and what the
 * guest was never brought to. Nothing is known of a guest whose host does not answer: that is the caller's to see.
 */
export const differencesOf = (row: Row, guest: Pick<GuestRow, 'observation'> | undefined): Difference[] => {
  if (guest === undefined)
    return [
      whole(
        'guest',
        'missing',
        'is there',
        'is not on its host',
        `inn apply makes it anew once inn rm ${row.name} has forgotten it`,
      ),
    ];
  const { observation } = guest;
  const { ownership, needsRestart = [] } = observation;
  const newer = ownership !== undefined && ownership.generation > row.generation;
  const found = [
    ...metadataOf(row, observation),
    ...powerOf(row, observation),
    ...editedOf(row, observation),
    ...autostartOf(row, observation),
    ...(ownership === undefined || newer ? [] : unapplied(row, ownership.spec)),
  ];
  const told = new Set(found.map(({ field }) => field));
  return [
    ...found,
    ...pendingOf(
      row,
      needsRestart.filter((field) => !told.has(field)),
    ),
  ];
};
