declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type WorkloadId = Branded<'WorkloadId'>;
export type OperationId = Branded<'OperationId'>;
export type HostId = Branded<'HostId'>;

export const workloadId = (text: string): WorkloadId => text as WorkloadId;
export const operationId = (text: string): OperationId => text as OperationId;
export const hostId = (text: string): HostId => text as HostId;

/** User ids that one container has to itself: 0 … 65535 inside. */
export const uidRangeSize = 65_536;
