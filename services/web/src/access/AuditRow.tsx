import type { AuditView } from '@innkeeper/model';
import { Badge, Button, Code, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { momentText, nothing } from '../ui/text.ts';

export const auditColumns = ['When', 'Who', 'What', 'Resource', 'Outcome', 'Details'] as const;

const colors: Readonly<Record<string, string>> = { done: 'green', refused: 'red', failed: 'red' };

const Value = ({ title, value }: { readonly title: string; readonly value: unknown }) => (
  <div>
    <Text size="xs" fw={600}>
      {title}
    </Text>
    {value === undefined ? (
      <Text size="xs" c="dimmed">
        nothing
      </Text>
    ) : (
      <Code block>{JSON.stringify(value, undefined, 2)}</Code>
    )}
  </div>
);

const Details = ({ entry: { reason, project, operation, before, after } }: { readonly entry: AuditView }) => (
  // In a window that is narrower than the table they stay in sight.
  <Stack gap="xs" py={4} pos="sticky" left={0} maw="calc(100vw - 3rem)" style={{ whiteSpace: 'normal' }}>
    {reason !== undefined && <Text size="xs">{reason}</Text>}
    {project !== undefined && <Text size="xs">Of the project {project}</Text>}
    {operation !== undefined && <Text size="xs">Operation {operation}</Text>}
    {(before !== undefined || after !== undefined) && (
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Value title="Before" value={before} />
        <Value title="After" value={after} />
      </SimpleGrid>
    )}
  </Stack>
);

const hasDetails = ({ reason, project, operation, before, after }: AuditView): boolean =>
  [reason, project, operation, before, after].some((detail) => detail !== undefined);

export const AuditRow = ({ entry }: { readonly entry: AuditView }) => {
  const { at, who, address, method, path, resource, outcome, count } = entry;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Table.Tr>
        <Table.Td>{momentText(at)}</Table.Td>
        <Table.Td>
          {who}
          {address !== undefined && address !== who && (
            <Text size="xs" c="dimmed">
              from {address}
            </Text>
          )}
        </Table.Td>
        <Table.Td style={{ overflowWrap: 'anywhere', whiteSpace: 'normal' }}>
          {method} {path}
        </Table.Td>
        <Table.Td>
          {resource.kind} {resource.name}
        </Table.Td>
        <Table.Td>
          <Badge variant="dot" color={colors[outcome] ?? 'gray.6'} tt="none" fw={500}>
            {count === 1 ? outcome : `${outcome}, ${count} times`}
          </Badge>
        </Table.Td>
        <Table.Td>
          {hasDetails(entry) ? (
            <Button
              size="compact-xs"
              variant="subtle"
              aria-expanded={open}
              aria-label={`Details of ${method} ${resource.kind} ${resource.name} by ${who}`}
              onClick={() => setOpen(!open)}
            >
              {open ? 'Hide ▴' : 'Show ▾'}
            </Button>
          ) : (
            nothing
          )}
        </Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr>
          <Table.Td colSpan={auditColumns.length}>
            <Details entry={entry} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
};
