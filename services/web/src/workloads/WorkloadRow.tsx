import { stateMeaning, type WorkloadView } from '@innkeeper/model';
import { Anchor, Badge, Group, Loader, Stack, Table, Text } from '@mantine/core';
import type { Action } from '../api/queries.ts';
import { hashOf } from '../app/place.ts';
import { isUnknown } from '../recovery/knowsMore.ts';
import { StateBadge } from '../ui/StateBadge.tsx';
import { backendText, nothing, spanText, usedOf } from '../ui/text.ts';
import { WorkloadActions } from './WorkloadActions.tsx';

interface Props {
  readonly workload: WorkloadView;
  readonly now: number;
  readonly onAction: (action: Action, workload: WorkloadView) => void;
}

const isUp = ({ state }: WorkloadView): boolean => state === 'running' || state === 'paused';

export const WorkloadRow = ({ workload, now, onAction }: Props) => {
  const { name, state, operation, stats, addresses } = workload;
  const unknown = isUnknown(workload);
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={6} wrap="nowrap">
          <Anchor href={hashOf({ tab: 'workloads', item: workload.id })} fw={600} size="sm">
            {name}
          </Anchor>
          {!workload.managed && !unknown && (
            <Badge size="xs" variant="default" tt="none" title="Not created by Innkeeper; read-only">
              foreign
            </Badge>
          )}
          {unknown && (
            <Badge size="xs" color="orange" variant="light" tt="none" title={workload.reason}>
              not in the inventory
            </Badge>
          )}
          {workload.adopted === true && (
            <Badge
              size="xs"
              variant="default"
              tt="none"
              title="Was there before Innkeeper: started and stopped, not changed"
            >
              adopted
            </Badge>
          )}
          {workload.error !== undefined && (
            <Badge size="xs" color="red" variant="light" tt="none" title={workload.error.detail}>
              error
            </Badge>
          )}
          {workload.readiness !== undefined && (
            <Badge
              size="xs"
              color={workload.readiness.ready ? 'green' : 'yellow'}
              variant="light"
              tt="none"
              title={workload.readiness.text ?? 'Its probe says so'}
            >
              {workload.readiness.ready ? 'ready' : 'not ready'}
            </Badge>
          )}
          {workload.drift.length > 0 && (
            <Badge size="xs" color="orange" variant="light" tt="none" title={workload.drift.join('\n')}>
              drift
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <Stack gap={2}>
          <StateBadge state={state} meaning={stateMeaning[state]} />
          {operation !== undefined && (
            <Group gap={4} wrap="nowrap">
              <Loader size={10} aria-hidden />
              <Text size="xs" c="dimmed">
                {operation.progress ?? operation.kind}
              </Text>
            </Group>
          )}
        </Stack>
      </Table.Td>
      <Table.Td>{workload.backend === undefined ? nothing : backendText[workload.backend]}</Table.Td>
      <Table.Td>{workload.host ?? nothing}</Table.Td>
      <Table.Td>{workload.image ?? nothing}</Table.Td>
      <Table.Td ta="right">{workload.cpus ?? nothing}</Table.Td>
      <Table.Td ta="right">{usedOf(stats?.memoryBytes, workload.memoryBytes)}</Table.Td>
      <Table.Td ta="right">{usedOf(stats?.ownDiskBytes, workload.diskBytes)}</Table.Td>
      <Table.Td>
        {addresses.length === 0 ? nothing : addresses.map((address) => <div key={address}>{address}</div>)}
      </Table.Td>
      <Table.Td ta="right">{isUp(workload) ? spanText(workload.startedAt, now) : nothing}</Table.Td>
      <Table.Td>
        {workload.managed ? (
          <WorkloadActions workload={workload} onAction={onAction} />
        ) : (
          <Text size="xs" c="dimmed">
            read-only
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
};
