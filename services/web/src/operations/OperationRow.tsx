import type { OperationView, StepView } from '@innkeeper/model';
import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import { clockText, momentText, spanText } from '../ui/text.ts';

interface Props {
  readonly operation: OperationView;
  readonly now: number;
}

const Steps = ({ steps }: { readonly steps: readonly StepView[] }) => (
  <Stack gap={2}>
    {steps.map((step) => (
      <Group key={step.name} gap="xs">
        <StateBadge state={step.state} busy />
        <Text size="xs">
          {step.name}
          {step.text !== undefined && `: ${step.text}`}
        </Text>
        {step.finishedAt !== undefined && (
          <Text size="xs" c="dimmed">
            {spanText(step.startedAt, Date.parse(step.finishedAt))}
          </Text>
        )}
      </Group>
    ))}
    {steps.length === 0 && (
      <Text size="xs" c="dimmed">
        No step has begun.
      </Text>
    )}
  </Stack>
);

const phrase = ({ state, error, progress }: OperationView): string => {
  if (error !== undefined) return error.detail;
  return state === 'done' ? '' : (progress ?? '');
};

export const OperationRow = ({ operation, now }: Props) => {
  const { steps, kind, workload, state, startedAt, finishedAt } = operation;
  const [open, setOpen] = useState(false);
  const done = steps.filter((step) => step.state === 'done').length;
  const end = finishedAt === undefined ? now : Date.parse(finishedAt);
  return (
    <>
      <Table.Tr>
        <Table.Td title={momentText(operation.createdAt)}>{clockText(operation.createdAt)}</Table.Td>
        <Table.Td>{kind}</Table.Td>
        <Table.Td>{workload.name}</Table.Td>
        <Table.Td>{operation.who}</Table.Td>
        <Table.Td>
          <StateBadge state={state} busy />
        </Table.Td>
        <Table.Td>
          <Button
            size="compact-xs"
            variant="subtle"
            aria-expanded={open}
            aria-label={`Steps of ${kind} ${workload.name}: ${done} done`}
            onClick={() => setOpen(!open)}
          >
            {done} done {open ? '▴' : '▾'}
          </Button>
        </Table.Td>
        <Table.Td
          maw={420}
          style={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
          title={phrase(operation)}
        >
          {phrase(operation)}
        </Table.Td>
        <Table.Td>{spanText(startedAt, end)}</Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr>
          <Table.Td colSpan={8}>
            <Stack gap="xs">
              <Steps steps={steps} />
              {operation.error !== undefined && <ProblemAlert problem={operation.error} />}
            </Stack>
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
};
