import { formatSize, stateMeaning, type WorkloadView } from '@innkeeper/model';
import { Code, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { backendText, momentText, nothing, spanText, usedOf } from '../ui/text.ts';
import { useNow } from '../ui/useNow.ts';

const readyText = ({ ready, since, text }: NonNullable<WorkloadView['readiness']>, now: number): string => {
  if (!ready) return `not yet: ${text ?? 'not probed yet'}`;
  return since === undefined ? 'yes' : `since ${momentText(since)} (${spanText(since, now)})`;
};

const lines = (texts: readonly string[]): ReactNode => texts.map((text) => <div key={text}>{text}</div>);

/** What its host says of it; of a guest that Innkeeper did not create that is all there is to know. */
const hostRows = ({ autostart, persistent, disks = [], devices = [] }: WorkloadView) => {
  const places = disks.map(
    ({ target, source, readonly }) => `${target}: ${source}${readonly ? ' (cannot be written)' : ''}`,
  );
  return [
    ...(autostart === undefined ? [] : [['Started by its host', autostart ? 'yes, when it boots' : 'no'] as const]),
    ...(persistent === false ? [['When it stops', 'its definition is gone'] as const] : []),
    ...(places.length === 0 ? [] : [['Disks', lines(places)] as const]),
    ...(devices.length === 0 ? [] : [['Devices of the host', lines(devices.map(({ text }) => text))] as const]),
  ];
};

const rowsOf = (workload: WorkloadView, now: number): readonly (readonly [string, ReactNode])[] => {
  const { stats, operation, labels, guestState } = workload;
  const made = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    ['State', `${workload.state}: ${stateMeaning[workload.state]}`],
    ...(guestState === undefined ? [] : [['Its host says', guestState] as const]),
    ...(operation === undefined ? [] : [['Now', `${operation.kind}: ${operation.progress ?? 'waiting'}`] as const]),
    [
      'Runs as',
      workload.backend === undefined
        ? nothing
        : `${backendText[workload.backend]} (driver ${workload.driver ?? nothing})`,
    ],
    ['Host', workload.host ?? nothing],
    ['Image', workload.image ?? nothing],
    ['CPUs', workload.cpus ?? nothing],
    ['Memory now / limit', usedOf(stats?.memoryBytes, workload.memoryBytes)],
    ['Own disk / size', usedOf(stats?.ownDiskBytes, workload.diskBytes)],
    ['Network in / out', usedOf(stats?.receivedBytes, stats?.sentBytes)],
    ['Disk read / written', usedOf(stats?.diskReadBytes, stats?.diskWrittenBytes)],
    ['Cached files', stats?.memoryCacheBytes === undefined ? nothing : formatSize(stats.memoryCacheBytes)],
    ['CPU time', stats?.cpuSeconds === undefined ? nothing : `${Math.round(stats.cpuSeconds)} s`],
    ['Processes', stats?.processes ?? nothing],
    ['Addresses', workload.addresses.join(', ') || nothing],
    ...hostRows(workload),
    ['Labels', made.join(', ') || nothing],
    [
      'Running since',
      workload.startedAt === undefined
        ? nothing
        : `${momentText(workload.startedAt)} (${spanText(workload.startedAt, now)})`,
    ],
    ...(workload.readiness === undefined ? [] : [['Ready', readyText(workload.readiness, now)] as const]),
    ...(workload.restarts === undefined ? [] : [['Started again', `${workload.restarts} times`] as const]),
    ...(workload.nextRestartAt === undefined ? [] : [['Next start', momentText(workload.nextRestartAt)] as const]),
    ...(workload.expiresAt === undefined ? [] : [['Removed after', momentText(workload.expiresAt)] as const]),
    ['Created', momentText(workload.createdAt)],
    ['Screen', workload.graphics ?? nothing],
    ['Id', <Code key="id">{workload.id}</Code>],
  ];
};

export const Overview = ({ workload }: { readonly workload: WorkloadView }) => {
  const now = useNow(1_000);
  return (
    <Stack>
      {workload.reason !== undefined && <Text size="sm">It {workload.reason}.</Text>}
      <Table fz="sm" verticalSpacing={4} variant="vertical" withTableBorder>
        <Table.Tbody>
          {rowsOf(workload, now).map(([key, value]) => (
            <Table.Tr key={key}>
              <Table.Th w={180}>{key}</Table.Th>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {workload.spec !== undefined && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            What was asked{workload.generation !== undefined && ` (generation ${workload.generation})`}
          </Text>
          <Code block>{JSON.stringify(workload.spec, undefined, 2)}</Code>
        </div>
      )}
    </Stack>
  );
};
