import type { Capability, DriverReport } from '@innkeeper/model';
import { Accordion, Badge, Group, Stack, Table, Text } from '@mantine/core';
import { backendText } from '../ui/text.ts';

const valueText = ({ value }: Capability): string => {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : value.join(', ');
};

const Capabilities = ({ driver }: { readonly driver: DriverReport }) => (
  <Table fz="sm" verticalSpacing={4}>
    <Table.Thead>
      <Table.Tr>
        <Table.Th>Capability</Table.Th>
        <Table.Th>Value</Table.Th>
        <Table.Th>Evidence</Table.Th>
      </Table.Tr>
    </Table.Thead>
    <Table.Tbody>
      {Object.entries(driver.capabilities).map(([name, capability]) => (
        <Table.Tr key={name}>
          <Table.Td style={{ whiteSpace: 'nowrap' }}>{name}</Table.Td>
          <Table.Td>{valueText(capability)}</Table.Td>
          <Table.Td style={{ overflowWrap: 'anywhere' }}>
            {capability.evidence}
            {capability.reasonIfAbsent !== undefined && (
              <Text size="xs" c="dimmed">
                {capability.reasonIfAbsent}
              </Text>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
);

export const DriverItem = ({ driver }: { readonly driver: DriverReport }) => {
  const versions = Object.entries(driver.versions).map(([name, version]) => `${name} ${version}`);
  return (
    <Accordion.Item value={driver.driver}>
      <Accordion.Control>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {driver.driver}
          </Text>
          <Text size="sm" c="dimmed">
            {backendText[driver.backend]}
          </Text>
          <Badge variant="dot" tt="none" fw={500} color={driver.healthy ? 'green' : 'red'}>
            {driver.healthy ? 'healthy' : 'not usable'}
          </Badge>
          {!driver.placeable && (
            <Badge variant="default" tt="none" fw={500}>
              shows only
            </Badge>
          )}
        </Group>
        {driver.reason !== undefined && <Text size="sm">{driver.reason}</Text>}
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="xs">
          {versions.length > 0 && (
            <Text size="sm">
              <b>Versions:</b> {versions.join(', ')}
            </Text>
          )}
          {driver.networks.map(({ name, active, gateway, prefix }) => (
            <Text size="sm" key={name}>
              <b>Network {name}:</b> {active ? 'active' : 'not active'}
              {gateway !== undefined && `, ${gateway}${prefix === undefined ? '' : `/${prefix}`}`}
            </Text>
          ))}
          <Capabilities driver={driver} />
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
};
