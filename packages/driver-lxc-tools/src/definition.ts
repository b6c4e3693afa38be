import type { GuestOrder, GuestPlan } from '@innkeeper/driver-contract';

/** What an operation journals of an order: all but the report, of which only the bridges are kept. */
export type Definition = Omit<GuestOrder, 'report'> & {
  /** The bridge that each claimed network is on this host. */
  readonly bridges: Readonly<Record<string, string>>;
};

export const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;
