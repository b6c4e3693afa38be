import type { HostView, PoolView } from '@innkeeper/model';
import { Accordion, Card, Group, Stack, Text, Title } from '@mantine/core';
import { StateBadge } from '../ui/StateBadge.tsx';
import { momentText, sizeText } from '../ui/text.ts';
import { CapacityBar } from './CapacityBar.tsx';
import { Devices } from './Devices.tsx';
import { DriverItem } from './DriverItem.tsx';
import { Pools } from './Pools.tsx';

const count = (amount: number): string => String(Math.round(amount * 10) / 10);

const Capacity = ({ host }: { readonly host: HostView }) => {
  const { capacity, machine } = host;
  const { claimed, foreign } = capacity;
  const free =
    machine === undefined
      ? undefined
      : `${sizeText(machine.diskFreeBytes)} free on it now; disks grow only as they are written`;
  return (
    <Stack gap="xs">
      <CapacityBar
        label="CPUs"
        claimed={claimed.cpus}
        foreign={foreign.cpus}
        total={capacity.cpus}
        ratio={capacity.cpuRatio}
        format={count}
      />
      <CapacityBar
        label="Memory"
        claimed={claimed.memoryBytes}
        foreign={foreign.memoryBytes}
        total={capacity.memoryBytes}
        ratio={capacity.memoryRatio}
        format={sizeText}
      />
      <CapacityBar
        label="Disk"
        claimed={claimed.diskBytes}
        foreign={0}
        total={capacity.diskBytes}
        ratio={1}
        format={sizeText}
        note={free}
      />
    </Stack>
  );
};

interface Props {
  readonly host: HostView;
  readonly pools: readonly PoolView[];
}

export const HostCard = ({ host, pools }: Props) => {
  const { machine } = host;
  return (
    <Card withBorder padding="md" component="section" aria-label={`Host ${host.name}`}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {host.name}
          </Title>
          <StateBadge state={host.state} />
        </Group>
        <Text size="sm" c="dimmed">
          {host.address}
          {machine !== undefined && ` · ${machine.hostname} · ${machine.arch} · Linux ${machine.kernel}`}
          {` · last report ${momentText(host.reportedAt)}`}
        </Text>
        {host.capacity.cpus === 0 ? <Text size="sm">It has not told its capacity yet.</Text> : <Capacity host={host} />}
        <Text size="sm">
          <b>Images here:</b> {host.images.join(', ') || 'none yet'}
        </Text>
        {pools.length > 0 && <Pools pools={pools} />}
        {host.devices.length > 0 && <Devices devices={host.devices} />}
        <div>
          <Text size="sm" fw={600}>
            Drivers
          </Text>
          <Accordion multiple chevronPosition="left">
            {host.drivers.map((driver) => (
              <DriverItem key={driver.driver} driver={driver} />
            ))}
          </Accordion>
          {host.drivers.length === 0 && (
            <Text size="sm" c="dimmed">
              None has reported.
            </Text>
          )}
        </div>
      </Stack>
    </Card>
  );
};
