import type { WorkloadView } from '@innkeeper/model';
import { Button, Center, Group, Kbd, Loader, Stack, Text, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { type Action, useAction, useWorkloads } from '../api/queries.ts';
import { goTo } from '../app/place.ts';
import { NewWorkload } from '../create/NewWorkload.tsx';
import { BehindBanner } from '../recovery/BehindBanner.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { filterWorkloads } from './filterWorkloads.ts';
import { RemoveDialog } from './RemoveDialog.tsx';
import { WorkloadDrawer } from './WorkloadDrawer.tsx';
import { WorkloadTable } from './WorkloadTable.tsx';

interface Props {
  /** Id of the workload whose details are open. */
  readonly opened: string | undefined;
}

export const WorkloadsPage = ({ opened }: Props) => {
  const { data, error, isPending } = useWorkloads();
  const action = useAction();
  const [filter, setFilter] = useState('');
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<WorkloadView>();
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => input.current?.focus()]]);

  const act = (kind: Action, workload: WorkloadView): void => {
    if (kind === 'remove') setRemoving(workload);
    else action.mutate({ workload, action: kind });
  };
  const remove = (workload: WorkloadView): void => {
    action.mutate({ workload, action: 'remove' });
    setRemoving(undefined);
  };
  const all = data ?? [];
  const shown = filterWorkloads(all, filter);
  const refusal = action.error !== null && (
    <ProblemAlert
      problem={problemFrom(action.error)}
      title={`${action.variables?.action ?? ''} ${action.variables?.workload.name ?? ''}`}
      onClose={() => action.reset()}
    />
  );

  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <TextInput
          ref={input}
          type="search"
          aria-label="Filter workloads"
          placeholder="Filter by name, state, host, image, address, label"
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
          rightSection={<Kbd size="xs">/</Kbd>}
          flex={1}
          miw={200}
          maw={440}
        />
        <Group gap="sm">
          <Text size="sm" c="dimmed" aria-live="polite">
            {filter === '' ? `${all.length} guests` : `${shown.length} of ${all.length} guests`}
          </Text>
          <Button onClick={() => setCreating(true)}>New workload</Button>
        </Group>
      </Group>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the list" />}
      <BehindBanner workloads={all} />
      {refusal}
      {isPending && (
        <Center p="xl">
          <Loader aria-label="Reading the list" />
        </Center>
      )}
      {data !== undefined && shown.length === 0 && (
        <Center p="xl">
          <Text c="dimmed">
            {all.length === 0
              ? 'Nothing runs here yet. “New workload” makes the first one.'
              : 'No guest matches the filter.'}
          </Text>
        </Center>
      )}
      {shown.length > 0 && <WorkloadTable workloads={shown} onAction={act} />}
      {removing !== undefined && (
        <RemoveDialog workload={removing} onConfirm={() => remove(removing)} onClose={() => setRemoving(undefined)} />
      )}
      {creating && (
        <NewWorkload
          taken={all.filter(({ managed }) => managed).map(({ name }) => name)}
          onClose={() => setCreating(false)}
        />
      )}
      {opened !== undefined && data !== undefined && (
        <WorkloadDrawer
          workload={all.find(({ id }) => id === opened)}
          refusal={refusal}
          onAction={act}
          onClose={() => goTo({ tab: 'workloads', item: undefined })}
        />
      )}
    </Stack>
  );
};
