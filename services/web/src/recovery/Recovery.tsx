import type { RecoveredWorkload, RecoveryView } from '@innkeeper/model';
import { List, Stack, Table, Text } from '@mantine/core';
import { nothing } from '../ui/text.ts';

const count = (many: number, one: string): string => `${many} ${one}${many === 1 ? '' : 's'}`;

const headOf = ({ applied, workloads, networks }: RecoveryView): string => {
  if (workloads.length + networks.length === 0)
    return `Hosts know nothing that the inventory does not${applied ? ': it counts as complete again.' : '.'}`;
  const what = `${count(workloads.length, 'workload')} and ${count(networks.length, 'network')}`;
  return applied
    ? `${what} were taken back, as they are. No guest was started, stopped or changed.`
    : `${what} would be taken back, as they are. No guest is started, stopped or changed.`;
};

const whyText: Readonly<Record<RecoveredWorkload['what'], string>> = {
  'taken back': 'not in the inventory',
  newer: 'newer than the inventory',
};

interface SectionProps {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly text: string }[];
}

const Section = ({ title, lines }: SectionProps) =>
  lines.length === 0 ? null : (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <List size="sm" style={{ overflowWrap: 'anywhere' }}>
        {lines.map(({ name, text }) => (
          <List.Item key={`${name} ${text}`}>
            <b>{name}</b>
            {text}
          </List.Item>
        ))}
      </List>
    </div>
  );

const Workloads = ({ workloads }: Pick<RecoveryView, 'workloads'>) =>
  workloads.length === 0 ? null : (
    <Table.ScrollContainer minWidth={600} type="native">
      <Table fz="sm" verticalSpacing={4} aria-label="Workloads that are taken back">
        <Table.Thead>
          <Table.Tr>
            {['Workload', 'Host', 'Driver', 'State', 'Why', 'Without'].map((text) => (
              <Table.Th key={text}>{text}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workloads.map(({ id, name, host, driver, state, what, notes }) => (
            <Table.Tr key={id}>
              <Table.Td fw={600} style={{ whiteSpace: 'nowrap' }}>
                {name}
              </Table.Td>
              <Table.Td>{host}</Table.Td>
              <Table.Td>{driver}</Table.Td>
              <Table.Td>{state}</Table.Td>
              <Table.Td>{whyText[what]}</Table.Td>
              <Table.Td>{notes.length === 0 ? nothing : notes.map((note) => <div key={note}>{note}</div>)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );

/** What is, or would be, taken back, and what cannot be. */
export const Recovery = ({ view }: { readonly view: RecoveryView }) => {
  const { workloads, networks, missing, unrecovered, others } = view;
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {headOf(view)}
      </Text>
      <Workloads workloads={workloads} />
      <Section
        title="Networks"
        lines={networks.map(({ name, hosts, spec }) => ({
          name,
          text: ` on ${hosts.join(', ')} (${spec.mode ?? 'nat'})`,
        }))}
      />
      <Section
        title="In the inventory, and not on their hosts: nothing makes them anew by itself"
        lines={missing.map(({ name, host }) => ({ name, text: ` on ${host}` }))}
      />
      <Section
        title="Not recovered"
        lines={unrecovered.map(({ name, host, text }) => ({
          name,
          text: `${host === undefined ? '' : ` on ${host}`}: ${text}`,
        }))}
      />
      <Section
        title="Guests of other installations, left alone (inn recover --installation ID takes the place of one)"
        lines={others.map(({ installation, guests }) => ({
          name: installation,
          text: `: ${guests.map(({ name, host }) => `${name} on ${host}`).join(', ')}`,
        }))}
      />
    </Stack>
  );
};
