import { describe, expect, it } from 'vitest';
import { memoryInUse } from './memory.ts';

const nothing = {
  currentBytes: undefined,
  maximumBytes: undefined,
  rssBytes: undefined,
  unusedBytes: undefined,
  availableBytes: undefined,
  usableBytes: undefined,
  swapInBytes: undefined,
  swapOutBytes: undefined,
};

describe('the memory that a virtual machine uses', () => {
  it.each([
    ['what its balloon driver says', { availableBytes: 500, usableBytes: 420, rssBytes: 900, currentBytes: 512 }, 80],
    ['without caches where an old driver tells no more', { availableBytes: 500, unusedBytes: 300 }, 200],
    ['what QEMU touched, before the guest has drivers', { rssBytes: 100, currentBytes: 512 }, 100],
    ['never more than it was given', { rssBytes: 667, currentBytes: 512 }, 512],
    ['not known while nothing is said', {}, undefined],
  ])('is %s', (_what, said, expected) => expect(memoryInUse({ balloon: { ...nothing, ...said } })).toBe(expected));
});
