import { Center, Loader, SimpleGrid, Stack, Text } from '@mantine/core';
import { problemFrom } from '../api/ApiError.ts';
import { usePools } from '../api/kept.ts';
import { useHosts } from '../api/queries.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { HostCard } from './HostCard.tsx';

export const HostsPage = () => {
  const { data, error, isPending } = useHosts();
  const pools = usePools().data ?? [];
  return (
    <Stack>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the hosts" />}
      {isPending && (
        <Center p="xl">
          <Loader aria-label="Reading the hosts" />
        </Center>
      )}
      {data?.length === 0 && <Text c="dimmed">No host is known. On the command line, inn doctor says why.</Text>}
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {data?.map((host) => (
          <HostCard key={host.id} host={host} pools={pools.filter((pool) => pool.host === host.name)} />
        ))}
      </SimpleGrid>
    </Stack>
  );
};
