import type { DomainStats } from '@innkeeper/libvirt';

/**
 * What a guest uses of its memory, as its balloon driver says. Without one it is what QEMU has touched, at most what the
 * guest was given: QEMU itself needs some beside that, which is not the guest's.
 */
export const memoryInUse = ({ balloon }: Pick<DomainStats, 'balloon'>): number | undefined => {
  const { availableBytes, usableBytes, unusedBytes, rssBytes, currentBytes } = balloon;
  const idle = usableBytes ?? unusedBytes;
  if (availableBytes !== undefined && idle !== undefined) return Math.max(0, availableBytes - idle);
  if (rssBytes === undefined) return undefined;
  return Math.min(rssBytes, currentBytes ?? rssBytes);
};
