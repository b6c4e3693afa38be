import { Autocomplete, Button, Center, Group, Loader, Stack, Table, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { type AuditFilter, useAudit, useTokens } from '../api/access.ts';
import { useWorkloads } from '../api/queries.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { AuditRow, auditColumns } from './AuditRow.tsx';

const typingMs = 300;
/** Who changes things without a token. */
const others = ['socket', 'innkeeper', 'nobody'];

export const everything: AuditFilter = { who: '', workload: '' };

interface FilterProps {
  readonly filter: AuditFilter;
  readonly onChange: (part: Partial<AuditFilter>) => void;
}

/** Of what is gone, tokens and workloads alike, the name can be typed. */
const Filter = ({ filter, onChange }: FilterProps) => {
  const tokens = useTokens().data ?? [];
  const workloads = useWorkloads().data ?? [];
  const names = workloads.filter(({ managed }) => managed).map(({ name }) => name);
  return (
    <Group gap="sm">
      <Autocomplete
        aria-label="Only what was done by"
        placeholder="by whom"
        data={[...new Set([...tokens.map(({ name }) => name), ...others])]}
        value={filter.who}
        onChange={(who) => onChange({ who })}
        clearable
        w={180}
      />
      <Autocomplete
        aria-label="Only what was done with the workload"
        placeholder="with which workload"
        data={[...new Set(names)]}
        value={filter.workload}
        onChange={(workload) => onChange({ workload })}
        clearable
        w={220}
      />
    </Group>
  );
};

/** Everything that was changed, or that somebody tried to. */
export const AuditLog = () => {
  const [filter, setFilter] = useState(everything);
  const [settled] = useDebouncedValue(filter, typingMs);
  const asked = { who: settled.who.trim(), workload: settled.workload.trim() };
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useAudit(asked);
  const entries = data?.pages.flatMap(({ items }) => items) ?? [];

  return (
    <Stack gap="sm" component="section" aria-label="Audit log">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Audit log
        </Title>
        <Filter filter={filter} onChange={(part) => setFilter((before) => ({ ...before, ...part }))} />
      </Group>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the audit log" />}
      {isPending && (
        <Center p="xl">
          <Loader aria-label="Reading the audit log" />
        </Center>
      )}
      {data !== undefined && entries.length === 0 && (
        <Text size="sm" c="dimmed" role="status">
          {asked.who === '' && asked.workload === ''
            ? 'Nothing was changed yet.'
            : 'There is no such entry. Names count as a whole.'}
        </Text>
      )}
      {entries.length > 0 && (
        <Table.ScrollContainer minWidth={860} type="native">
          <Table fz="sm" verticalSpacing={4} aria-label="Entries of the audit log" style={{ whiteSpace: 'nowrap' }}>
            <Table.Thead>
              <Table.Tr>
                {auditColumns.map((text) => (
                  <Table.Th key={text}>{text}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {entries.map((entry) => (
                <AuditRow key={entry.id} entry={entry} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {hasNextPage && (
        <Center>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older
          </Button>
        </Center>
      )}
    </Stack>
  );
};
