import { isFinished } from '@innkeeper/model';
import { Button, Group, Loader, Table, Text, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { useOperations } from '../api/queries.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { useNow } from '../ui/useNow.ts';
import { OperationRow } from './OperationRow.tsx';
import classes from './OperationsPanel.module.css';

const columns = ['Started', 'Operation', 'Workload', 'Who', 'State', 'Steps', 'Progress', 'Took'];

/** What was asked lately and how far it is; it stays below whatever else is shown. */
export const OperationsPanel = () => {
  const { data, error } = useOperations();
  const now = useNow(1_000);
  const roomy = useMediaQuery('(min-width: 48em) and (min-height: 36em)', true);
  const [chosen, setChosen] = useState<boolean>();
  const open = chosen ?? roomy;
  const running = (data ?? []).filter(({ state }) => !isFinished(state)).length;
  return (
    <section className={classes.panel} aria-label="Operations">
      <Group justify="space-between" px="md" py={4}>
        <Group gap="xs">
          <Title order={2} size="h6">
            Operations
          </Title>
          {running > 0 && <Loader size={12} aria-hidden />}
          <Text size="xs" c="dimmed" aria-live="polite">
            {running === 0 ? 'none is running' : `${running} running or waiting`}
          </Text>
        </Group>
        <Button size="compact-xs" variant="subtle" aria-expanded={open} onClick={() => setChosen(!open)}>
          {open ? 'Hide' : 'Show'}
        </Button>
      </Group>
      {open && (
        <section className={classes.scroll} aria-label="List of operations">
          {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the operations" />}
          <Table fz="xs" verticalSpacing={3} stickyHeader miw={820}>
            <Table.Thead>
              <Table.Tr>
                {columns.map((text) => (
                  <Table.Th key={text}>{text}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data?.map((operation) => (
                <OperationRow key={operation.id} operation={operation} now={now} />
              ))}
            </Table.Tbody>
          </Table>
          {data?.length === 0 && (
            <Text size="sm" c="dimmed" p="md">
              Nothing has been asked yet.
            </Text>
          )}
        </section>
      )}
    </section>
  );
};
