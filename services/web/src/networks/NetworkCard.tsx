import type { NetworkView } from '@innkeeper/model';
import { Badge, Card, Group, Stack, Text, Title } from '@mantine/core';
import type { NetworkWithLeases } from '../api/networks.ts';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { Leases } from './Leases.tsx';
import { modeText } from './modes.ts';

interface Props extends NetworkWithLeases {
  readonly onRemove: () => void;
}

const whyKept = ({ managed, workloads }: NetworkView): string | undefined => {
  if (!managed) return 'Innkeeper did not make this network: it is used, and left alone';
  return workloads.length === 0 ? undefined : `It is used by ${workloads.join(', ')}`;
};

/** What it is, in words that stand in one line. */
const factsOf = ({ managed, mode, subnet, ipv6, bridge, link, project }: NetworkView): string =>
  [
    mode === undefined ? undefined : modeText[mode],
    managed ? undefined : 'made by others, on its host',
    subnet,
    ipv6,
    link === undefined ? undefined : `interface ${link}`,
    bridge === undefined ? undefined : `bridge ${bridge}`,
    project === undefined ? undefined : `for the project ${project}`,
  ]
    .filter((fact) => fact !== undefined)
    .join(' · ');

const hostsText = ({ hosts, managed }: NetworkView): string => {
  if (hosts.length === 0) return managed ? 'nowhere yet: it is made where the first workload needs it' : 'nowhere';
  return hosts.map(({ host, active }) => (active ? host : `${host} (not active)`)).join(', ');
};

export const NetworkCard = ({ network, leases, onRemove }: Props) => {
  const { name, managed, description } = network;
  return (
    <Card withBorder padding="md" component="section" aria-label={`Network ${name}`}>
      <Stack gap="xs">
        <Group justify="space-between">
          <Group gap="xs">
            <Title order={2} size="h4">
              {name}
            </Title>
            {!managed && (
              <Badge size="sm" variant="default" tt="none" title="Not made by Innkeeper; used, and left alone">
                of the host
              </Badge>
            )}
          </Group>
          <ReasonButton
            size="compact-sm"
            variant="default"
            reason={whyKept(network)}
            label={`Remove ${name}`}
            onPress={onRemove}
          >
            Remove
          </ReasonButton>
        </Group>
        <Text size="sm" c="dimmed">
          {factsOf(network)}
        </Text>
        {description !== undefined && <Text size="sm">{description}</Text>}
        <Text size="sm">
          <b>On hosts:</b> {hostsText(network)}
        </Text>
        <Leases network={network} leases={leases} />
      </Stack>
    </Card>
  );
};
