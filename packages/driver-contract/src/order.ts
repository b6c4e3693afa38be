import type { CompleteSpec, DriverReport, Ownership, WorkloadSpec } from '@innkeeper/model';
import type { GuestClaims } from './claims.ts';

/** One guest that a driver is to make: intent, identity and what has been claimed for it. */
export interface GuestOrder {
  readonly name: string;
  readonly uuid: string;
  readonly spec: CompleteSpec;
  /** What the user set, for the metadata. */
  readonly stored: WorkloadSpec;
  readonly ownership: Omit<Ownership, 'spec' | 'claims'>;
  readonly claims: GuestClaims;
  readonly report: DriverReport;
}

/** What would be done, as data: golden-testable, shown by plan. */
export interface GuestPlan {
  readonly name: string;
  readonly uuid: string;
  /** How limits and devices of the specification are expressed on this backend, in sentences. */
  readonly mapping: readonly string[];
  readonly warnings: readonly string[];
  /** The driver's own: definition and storage actions. JSON, since it is journaled. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** What a step is given. `fence` grows each time an operation changes hands. */
export interface StepContext {
  readonly signal: AbortSignal;
  readonly fence: number;
  readonly progress: (text: string) => void;
}

/**
 * A step of an operation. Both functions can be repeated: after a kill nobody knows how far they came.
 * A step without undo says why in `noUndo`.
 */
export interface Step {
  readonly name: string;
  readonly run: (context: StepContext) => Promise<void>;
  readonly undo?: (context: StepContext) => Promise<void>;
  readonly noUndo?: string;
}

export interface GuestRef {
  readonly uuid: string;
  readonly name: string;
}
