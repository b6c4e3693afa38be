import type { DeviceView } from '@innkeeper/model';
import { Table, Text } from '@mantine/core';

const heldText = ({ state, holders }: DeviceView): string =>
  holders.length === 0 ? state : `${state === 'in-use' ? 'in use by' : 'held by'} ${holders.join(', ')}`;

/** What a host can give to guests, and who has it. */
export const Devices = ({ devices }: { readonly devices: readonly DeviceView[] }) => (
  <div>
    <Text size="sm" fw={600}>
      Devices
    </Text>
    <Table fz="sm" verticalSpacing={4}>
      <Table.Tbody>
        {devices.map((device) => (
          <Table.Tr key={device.key}>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>
              {device.title}
              <Text size="xs" c="dimmed">
                {device.key}
                {device.group !== undefined && `, IOMMU group ${device.group}`}
              </Text>
            </Table.Td>
            <Table.Td>{heldText(device)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </div>
);
