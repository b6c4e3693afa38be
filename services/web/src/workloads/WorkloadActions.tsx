import type { WorkloadView } from '@innkeeper/model';
import { Button, Group } from '@mantine/core';
import type { Action } from '../api/queries.ts';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { notActionable } from './notActionable.ts';

interface Props {
  readonly workload: WorkloadView;
  readonly onAction: (action: Action, workload: WorkloadView) => void;
}

interface Offer {
  readonly action: Action;
  readonly text: string;
}

/** One button pauses and resumes: which of the two depends on the guest. */
const offers = ({ state, adopted }: WorkloadView): readonly Offer[] => [
  { action: 'start', text: 'Start' },
  { action: 'stop', text: 'Stop' },
  { action: 'restart', text: 'Restart' },
  state === 'paused' ? { action: 'resume', text: 'Resume' } : { action: 'pause', text: 'Pause' },
  // Nothing is removed that was there before.
  adopted === true ? { action: 'release', text: 'Release' } : { action: 'remove', text: 'Remove' },
];

export const WorkloadActions = ({ workload, onAction }: Props) => (
  <Group gap={4} wrap="nowrap">
    <Button.Group>
      {offers(workload).map(({ action, text }) => (
        <ReasonButton
          key={action}
          size="compact-xs"
          variant="default"
          {...(action === 'remove' ? { c: 'red' } : {})}
          reason={notActionable(action, workload)}
          label={`${text} ${workload.name}`}
          onPress={() => onAction(action, workload)}
        >
          {text}
        </ReasonButton>
      ))}
    </Button.Group>
  </Group>
);
