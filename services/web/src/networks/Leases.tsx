import { Table, Text } from '@mantine/core';
import type { NetworkWithLeases } from '../api/networks.ts';
import { nothing } from '../ui/text.ts';

/** Every interface of a workload on a network, and what is published of it. */
export const Leases = ({ network, leases }: NetworkWithLeases) => {
  if (leases.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No workload is on it.
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={520} type="native">
      <Table fz="sm" verticalSpacing={4} style={{ whiteSpace: 'nowrap' }} aria-label={`Addresses of ${network.name}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Address</Table.Th>
            <Table.Th>MAC</Table.Th>
            <Table.Th>Workload</Table.Th>
            <Table.Th>Host</Table.Th>
            <Table.Th title="port of the host : port of the guest">Published ports</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {leases.map(({ address, mac, workload, host, ports }) => (
            <Table.Tr key={`${host} ${mac}`}>
              <Table.Td>{address ?? 'not given by Innkeeper'}</Table.Td>
              <Table.Td>{mac}</Table.Td>
              <Table.Td>{workload}</Table.Td>
              <Table.Td>{host}</Table.Td>
              <Table.Td>{ports.join(', ') || nothing}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};
