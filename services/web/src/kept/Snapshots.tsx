import type { SnapshotView, WorkloadView } from '@innkeeper/model';
import { Badge, Button, Group, Loader, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { useKept, useSnapshots } from '../api/kept.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { momentText, sizeText } from '../ui/text.ts';

interface Asked {
  readonly kind: 'go back' | 'remove snapshot';
  readonly snapshot: SnapshotView;
}

interface RowProps {
  readonly snapshot: SnapshotView;
  readonly onAsk: (asked: Asked) => void;
}

const SnapshotRow = ({ snapshot, onAsk }: RowProps) => {
  const { name, description, parent, current, state, createdAt, sizeBytes } = snapshot;
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {name}{' '}
        {current && (
          <Badge
            variant="default"
            tt="none"
            fw={500}
            title="What the workload stands on: it was made, or gone back to, last"
          >
            now
          </Badge>
        )}
        {(description !== undefined || parent !== undefined) && (
          <Text size="xs" c="dimmed">
            {[description, parent === undefined ? undefined : `after ${parent}`].filter(Boolean).join(' · ')}
          </Text>
        )}
      </Table.Th>
      <Table.Td>{momentText(createdAt)}</Table.Td>
      <Table.Td>{state === 'ready' ? sizeText(sizeBytes) : state}</Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Go back to ${name}`}
            disabled={state !== 'ready'}
            onClick={() => onAsk({ kind: 'go back', snapshot })}
          >
            Go back
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            c="red"
            aria-label={`Remove ${name}`}
            onClick={() => onAsk({ kind: 'remove snapshot', snapshot })}
          >
            Remove
          </Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
};

/** What a workload held at other moments, kept where it stands. */
export const Snapshots = ({ workload: { name: workload } }: { readonly workload: WorkloadView }) => {
  const { data, error } = useSnapshots(workload);
  const kept = useKept();
  const [name, setName] = useState('');
  const [asked, setAsked] = useState<Asked>();
  const take = (event: FormEvent): void => {
    event.preventDefault();
    const text = `Taking a snapshot of ${workload}`;
    kept.mutate({ kind: 'snapshot', workload, name, text }, { onSuccess: () => setName('') });
  };
  const confirm = ({ kind, snapshot }: Asked): void => {
    const text = kind === 'go back' ? `Going back to ${snapshot.name}` : `Removing ${snapshot.name}`;
    kept.mutate({ kind, workload, snapshot: snapshot.name, text });
    setAsked(undefined);
  };
  return (
    <Stack gap="sm" component="section" aria-label="Snapshots">
      <Title order={3} size="h5">
        Snapshots
      </Title>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the snapshots" />}
      {kept.error !== null && (
        <ProblemAlert
          problem={problemFrom(kept.error)}
          title={kept.variables?.text ?? ''}
          onClose={() => kept.reset()}
        />
      )}
      <form onSubmit={take} noValidate>
        <Group gap="xs" align="flex-end">
          <TextInput
            size="xs"
            label="Name of a snapshot"
            placeholder="the moment"
            value={name}
            onChange={(event) => setName(event.currentTarget.value.trim())}
            autoComplete="off"
            spellCheck={false}
          />
          <Button size="xs" type="submit" loading={kept.isPending}>
            Take a snapshot
          </Button>
        </Group>
      </form>
      {data === undefined && error === null && <Loader aria-label="Reading the snapshots" />}
      {data?.length === 0 && (
        <Text size="sm" c="dimmed">
          There is none. One keeps what {workload} holds now, and takes room only for what changes later.
        </Text>
      )}
      {data !== undefined && data.length > 0 && (
        <Table.ScrollContainer minWidth={480} type="native">
          <Table fz="sm" verticalSpacing={4} aria-label="List of snapshots">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Made</Table.Th>
                <Table.Th>Size</Table.Th>
                <Table.Th>Actions</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((snapshot) => (
                <SnapshotRow key={snapshot.id} snapshot={snapshot} onAsk={setAsked} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {asked !== undefined && (
        <ConfirmDialog
          verb={asked.kind === 'go back' ? 'Go back to' : 'Remove'}
          name={asked.snapshot.name}
          text={
            asked.kind === 'go back'
              ? `${workload} is stopped for it where it runs. What it holds now, and no snapshot has, is gone afterwards.`
              : `Other snapshots stay whole. What only this one has is gone afterwards.`
          }
          onConfirm={() => confirm(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Stack>
  );
};
