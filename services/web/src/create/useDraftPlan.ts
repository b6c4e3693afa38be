import { useDebouncedValue } from '@mantine/hooks';
import { problemFrom } from '../api/ApiError.ts';
import { usePlan } from '../api/queries.ts';
import { type Draft, fieldErrors, specOf, standInName } from './draft.ts';

const typingMs = 300;

/** The plan of what is typed, what is wrong with it by field, and whether it is still about an earlier text. */
export const useDraftPlan = (draft: Draft) => {
  const [settled] = useDebouncedValue(draft, typingMs);
  const name = settled.name === '' ? standInName : settled.name;
  const query = usePlan(name, specOf(settled));
  const stale = settled !== draft || query.isPlaceholderData || query.isFetching;
  const plan = query.data?.workloads[0];
  const refused = query.error === null ? undefined : problemFrom(query.error);
  return {
    plan: refused === undefined ? plan : undefined,
    problem: refused,
    stale,
    errors: fieldErrors(refused ?? plan?.problem, name),
  };
};
