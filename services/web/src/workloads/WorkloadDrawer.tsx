import type { WorkloadView } from '@innkeeper/model';
import { Alert, Button, Drawer, Group, Loader, Stack, Tabs, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { type Action, usePlacement } from '../api/queries.ts';
import { Backups } from '../kept/Backups.tsx';
import { Snapshots } from '../kept/Snapshots.tsx';
import { PlacementView } from '../placement/PlacementView.tsx';
import { isUnknown } from '../recovery/knowsMore.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';
import { Drift } from './Drift.tsx';
import { Overview } from './Overview.tsx';
import { WorkloadActions } from './WorkloadActions.tsx';

interface Props {
  /** Undefined when it is gone since the page was opened. */
  readonly workload: WorkloadView | undefined;
  /** What the last action was answered, when it was refused: the drawer covers the page's own. */
  readonly refusal: ReactNode;
  readonly onAction: (action: Action, workload: WorkloadView) => void;
  readonly onClose: () => void;
}

const Placement = ({ name }: { readonly name: string }) => {
  const { data, error } = usePlacement(name);
  if (error !== null) return <ProblemAlert problem={problemFrom(error)} title="Reading the placement record" />;
  return data === undefined ? <Loader aria-label="Reading the placement record" /> : <PlacementView record={data} />;
};

/** What an adopted guest stands on is its owner's. */
const isKept = ({ managed, adopted }: WorkloadView): boolean => managed && adopted !== true;

const Details = ({
  workload,
  refusal,
  onAction,
}: Pick<Props, 'refusal' | 'onAction'> & { readonly workload: WorkloadView }) => (
  <Stack>
    <Group justify="space-between">
      <StateBadge state={workload.state} />
      {workload.managed && <WorkloadActions workload={workload} onAction={onAction} />}
    </Group>
    {refusal}
    {isUnknown(workload) && (
      <Alert color="orange" title="Not in the inventory">
        It is a guest of this installation, which its database does not know. It is shown, and left alone until it is
        taken back.
      </Alert>
    )}
    {!workload.managed && !isUnknown(workload) && (
      <Alert color="gray" title="A foreign guest">
        <Stack gap="xs" align="flex-start">
          Innkeeper did not create it. It is shown with what it uses, and never touched. Adopted, it is started and
          stopped from here; nothing else of it changes, and it can be released again.
          <Button size="compact-sm" variant="default" onClick={() => onAction('adopt', workload)}>
            Adopt
          </Button>
        </Stack>
      </Alert>
    )}
    {workload.error !== undefined && <ProblemAlert problem={workload.error} title="The last operation" />}
    {(workload.drift.length > 0 || workload.state === 'missing') && <Drift workload={workload} />}
    <Tabs defaultValue="overview" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="overview">Overview</Tabs.Tab>
        {isKept(workload) && <Tabs.Tab value="kept">Snapshots and backups</Tabs.Tab>}
        {workload.managed && <Tabs.Tab value="placement">Placement record</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="overview" pt="md">
        <Overview workload={workload} />
      </Tabs.Panel>
      {isKept(workload) && (
        <Tabs.Panel value="kept" pt="md">
          <Stack gap="xl">
            <Snapshots workload={workload} />
            <Backups workload={workload} />
          </Stack>
        </Tabs.Panel>
      )}
      {workload.managed && (
        <Tabs.Panel value="placement" pt="md">
          <Placement name={workload.name} />
        </Tabs.Panel>
      )}
    </Tabs>
  </Stack>
);

export const WorkloadDrawer = ({ workload, refusal, onAction, onClose }: Props) => {
  useReturnFocus();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={workload?.name ?? 'Gone'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {workload === undefined ? (
        <Text>This workload is not there any more.</Text>
      ) : (
        <Details workload={workload} refusal={refusal} onAction={onAction} />
      )}
    </Drawer>
  );
};
