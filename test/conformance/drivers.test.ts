import { conformanceCases } from '@innkeeper/driver-contract';
import { kvm, lxc } from '@innkeeper/drivers';
import { ensureLibvirt, stopLibvirt } from '@innkeeper/infra';
import { messageChain } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBench } from './bench.ts';
import { host, type OpenBench } from './orders.ts';

/** Guests run on while the daemon is away: QEMU and libvirt_lxc do not need it to live. */
const restartLibvirt = async (): Promise<void> => {
  await stopLibvirt(host);
  await ensureLibvirt(host);
};

describe.each([
  ['lxc', lxc],
  ['kvm', kvm],
] as const)('the driver %s', (_id, factory) => {
  let bench: OpenBench;
  let foreign: string;

  beforeAll(async () => {
    bench = await openBench(factory, restartLibvirt);
    foreign = await bench.foreign.fingerprint();
  });

  afterAll(async () => {
    expect(await bench.foreign.fingerprint()).toBe(foreign);
    await bench.close();
  });

  it.each(conformanceCases)(
    '$title',
    async ({ run }) => {
      try {
        await run(bench);
      } catch (error) {
        // Reports of other machines have the message alone, and what libvirt said is a cause of it.
        throw new Error(messageChain(error).join(': '), { cause: error });
      }
    },
    400_000,
  );
});
