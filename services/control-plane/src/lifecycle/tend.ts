import { isBehind, type LifeRow, listLives, type WorkloadRow } from '@innkeeper/inventory';
import { completeSpec } from '@innkeeper/model';
import { type Control, driverOf } from '../control.ts';
import { guestRefOf } from '../guest-ref.ts';
import { carryOut } from './act.ts';
import { lookAgainAndAgain } from './again.ts';
import { type Decision, decideLife, type Life, nextMoment, restsOnGuest } from './decide.ts';
import { keepEnds } from './ends.ts';

export const lifeOf = ({ workload, guest, hostState, quarantined, bootId, busy, leaving }: LifeRow): Life => ({
  spec: completeSpec(workload.spec),
  ttl: workload.spec.ttl,
  createdAt: workload.createdAt,
  ready: workload.state === 'ready',
  guest: guest === null || quarantined || hostState === 'suspect' || hostState === 'unreachable' ? undefined : guest,
  startedInThisBoot: workload.startedInBoot !== null && workload.startedInBoot === bootId,
  busy,
  leaving,
  endedAt: workload.endedAt,
  ending: workload.ending,
  restartStreak: workload.restartStreak,
  nextRestartAt: workload.nextRestartAt,
  keptFrom: workload.keptFrom,
});

interface Decided {
  readonly workload: WorkloadRow;
  readonly life: Life;
  readonly decisions: readonly Decision[];
}

const decideAll = async (control: Control): Promise<Decided[]> => {
  const now = new Date();
  return (await listLives(control.inventory.db)).map((row) => {
    const life = lifeOf(row);
    return { workload: row.workload, life, decisions: decideLife(life, now) };
  });
};

const placeOf = ({ placed }: WorkloadRow): string => `${placed?.host}/${placed?.driver}`;

/** Reads the guests of these workloads again, a driver at a time; returns the places that did not answer. */
const lookAgain = async (control: Control, workloads: readonly WorkloadRow[]): Promise<ReadonlySet<string>> => {
  const silent = new Set<string>();
  const places = new Map(workloads.map((workload) => [placeOf(workload), workload.placed]));
  for (const [place, placed] of places) {
    if (placed === null) continue;
    await control.observe(placed.host, placed.driver).catch((error: unknown) => {
      control.log.warn({ err: error }, 'guests that seem to have ended could not be looked at');
      silent.add(place);
    });
  }
  return silent;
};

/** Asks how guests ended that nobody saw ending: a start that lasted less than a reading. */
const learnEnds = async (
  control: Control,
  decided: readonly Decided[],
  silent: ReadonlySet<string>,
): Promise<boolean> => {
  const unseen = decided.filter(
    ({ workload, decisions }) => decisions.some((one) => one.do === 'learn') && !silent.has(placeOf(workload)),
  );
  for (const { workload } of unseen) {
    const { placed } = workload;
    if (placed === null) continue;
    await keepEnds(control, driverOf(control, placed.host, placed.driver), [guestRefOf(workload)]);
  }
  return unseen.length > 0;
};

/**
 * Does what is due for every workload that may end or be started again by itself. One statement while nothing is; what
 * depends on a guest being stopped is looked at again before it is done. Returns when time alone brings the next.
 */
export const tendLives = async (control: Control): Promise<Date | undefined> => {
  // What is known of them is of another time: nothing is removed or started before somebody has looked.
  if (await isBehind(control.inventory.db)) return undefined;
  let decided = await decideAll(control);
  let silent: ReadonlySet<string> = new Set();
  const resting = decided.filter(({ decisions }) => decisions.some(restsOnGuest));
  if (resting.length > 0) {
    silent = await lookAgain(
      control,
      resting.map(({ workload }) => workload),
    );
    decided = await decideAll(control);
    if (await learnEnds(control, decided, silent)) decided = await decideAll(control);
  }
  let acted = false;
  for (const { workload, decisions } of decided) {
    for (const decision of decisions) {
      if (restsOnGuest(decision) && silent.has(placeOf(workload))) continue;
      await carryOut(control, workload, decision);
      acted = true;
    }
  }
  const after = acted ? await decideAll(control) : decided;
  const now = new Date();
  const moments = after.flatMap(({ life }) => nextMoment(life, now) ?? []);
  return moments.sort((a, b) => a.getTime() - b.getTime())[0];
};

/** {@link tendLives}, as often as it is needed. Returns how to ask for it. */
export const followLives = (control: Control, signal: AbortSignal): (() => void) =>
  lookAgainAndAgain(control, signal, 'what workloads do by themselves could not be looked at', async () => {
    const next = await tendLives(control);
    return next === undefined ? undefined : next.getTime() - Date.now();
  });
