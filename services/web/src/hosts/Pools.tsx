import type { PoolView } from '@innkeeper/model';
import { Stack, Text } from '@mantine/core';
import { sizeText } from '../ui/text.ts';

const factsOf = ({ away, path, kind, fileSystem, sharesData, limits, freeBytes, totalBytes }: PoolView): string => {
  if (away !== undefined) return `${path} · away: ${away}`;
  return [
    path,
    kind === 'btrfs' ? 'btrfs' : fileSystem,
    `${sizeText(freeBytes)} free of ${sizeText(totalBytes)}`,
    sharesData === true ? 'copies share their data' : undefined,
    limits?.value === true ? 'limits what containers take' : undefined,
  ]
    .filter((fact) => fact !== undefined)
    .join(' · ');
};

/** Places of a host that guests stand on. */
export const Pools = ({ pools }: { readonly pools: readonly PoolView[] }) => (
  <Stack gap={2}>
    <Text size="sm" fw={600}>
      Pools
    </Text>
    {pools.map((pool) => (
      <Text key={pool.name} size="sm" {...(pool.away === undefined ? {} : { c: 'red' })}>
        <b>{pool.name}</b> {factsOf(pool)}
        {pool.workloads.length > 0 && ` · ${pool.workloads.join(', ')}`}
      </Text>
    ))}
  </Stack>
);
