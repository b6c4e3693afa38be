import type { PlacementRecord, Rule } from '@innkeeper/model';
import { decide } from './decide.ts';
import { keyOf } from './reason.ts';
import type { PlacementInput } from './snapshot.ts';

const placeText = ({ winner }: PlacementRecord): string => (winner === undefined ? 'nowhere' : keyOf(winner));

/** In what two records of one decision differ, for people; empty when in nothing. */
export const recordDifferences = (before: PlacementRecord, after: PlacementRecord): string[] => {
  const found: string[] = [];
  if (placeText(before) !== placeText(after)) found.push(`place: ${placeText(before)} → ${placeText(after)}`);
  if (before.reason !== after.reason) found.push(`reason: ${before.reason} → ${after.reason}`);
  for (const result of after.candidates) {
    const key = keyOf(result.candidate);
    const earlier = before.candidates.find(({ candidate }) => keyOf(candidate) === key);
    if (earlier === undefined) found.push(`${key}: was not a candidate`);
    else if (earlier.fits !== result.fits)
      found.push(`${key}: ${earlier.fits ? 'fitted' : 'did not fit'} → ${result.fits ? 'fits' : 'does not fit'}`);
    else if (earlier.total !== result.total) found.push(`${key}: score ${earlier.total} → ${result.total}`);
  }
  return found;
};

/** Decides again what was decided; with other rules when they are given. */
export const replay = ({ snapshot, request }: PlacementInput, rules?: readonly Rule[]): PlacementRecord =>
  decide(rules === undefined ? snapshot : { ...snapshot, rules }, request);
