import type { NetworkView } from '@innkeeper/model';
import { Button, Center, Group, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { useNetworks, useRemoveNetwork } from '../api/networks.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { NetworkCard } from './NetworkCard.tsx';
import { NewNetwork } from './NewNetwork.tsx';
import { RemoveNetwork } from './RemoveNetwork.tsx';

export const NetworksPage = () => {
  const { data, error, isPending } = useNetworks();
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<NetworkView>();
  const removal = useRemoveNetwork();
  const all = data ?? [];
  const remove = (network: NetworkView): void => {
    removal.mutate(network.name);
    setRemoving(undefined);
  };

  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" c="dimmed" aria-live="polite">
          {`${all.length} ${all.length === 1 ? 'network' : 'networks'}`}
        </Text>
        <Button onClick={() => setCreating(true)}>New network</Button>
      </Group>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the networks" />}
      {removal.error !== null && (
        <ProblemAlert
          problem={problemFrom(removal.error)}
          title={`Removing ${removal.variables ?? ''}`}
          onClose={() => removal.reset()}
        />
      )}
      {isPending && (
        <Center p="xl">
          <Loader aria-label="Reading the networks" />
        </Center>
      )}
      {all.map(({ network, leases }) => (
        <NetworkCard key={network.name} network={network} leases={leases} onRemove={() => setRemoving(network)} />
      ))}
      {creating && <NewNetwork taken={all.map(({ network }) => network.name)} onClose={() => setCreating(false)} />}
      {removing !== undefined && (
        <RemoveNetwork network={removing} onConfirm={() => remove(removing)} onClose={() => setRemoving(undefined)} />
      )}
    </Stack>
  );
};
