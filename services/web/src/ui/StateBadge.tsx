import type { HostState, OperationState, StepState, WorkloadState } from '@innkeeper/model';
import { Badge } from '@mantine/core';

type State = WorkloadState | HostState | OperationState | StepState;

/** Plain gray becomes as dark as the badge in a dark page. */
const neutral = 'gray.6';

const colors: Readonly<Record<State, string>> = {
  pending: neutral,
  waiting: 'yellow',
  creating: 'blue',
  running: 'green',
  stopped: neutral,
  paused: 'yellow',
  failed: 'red',
  missing: 'orange',
  unknown: 'grape',
  removing: 'orange',
  up: 'green',
  suspect: 'yellow',
  unreachable: 'red',
  draining: 'orange',
  quarantined: 'grape',
  queued: neutral,
  undoing: 'orange',
  undone: neutral,
  done: 'green',
  cancelled: neutral,
};

interface Props {
  readonly state: State;
  /** Operations that run are blue: green would read as finished. */
  readonly busy?: boolean;
  readonly meaning?: string;
}

/** A state, told by its word; the colour only helps. */
export const StateBadge = ({ state, busy = false, meaning }: Props) => (
  <Badge variant="dot" color={busy && state === 'running' ? 'blue' : colors[state]} title={meaning} tt="none" fw={500}>
    {state}
  </Badge>
);
