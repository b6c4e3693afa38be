import { localHost } from '@innkeeper/host';
import { connect, type Libvirt } from './connection.ts';
import type { PowerState } from './domains.ts';
import type { LibvirtEvent } from './events.ts';

/** Shared by this room's tests against real daemons; no part of the build. */
export const host = localHost('here');
export const kvm = connect(host, process.env.TEST_QEMU_URI ?? 'qemu:///system');
export const lxc = connect(host, process.env.TEST_LXC_URI ?? 'lxc:///system');
export const namespace = 'urn:innkeeper:test';

export const stateOf = async (libvirt: Libvirt, uuid: string): Promise<PowerState | undefined> =>
  (await libvirt.domains()).find((domain) => domain.uuid === uuid)?.state;

export const removed = async (libvirt: Libvirt, uuid: string): Promise<void> => {
  await libvirt.destroy(uuid).catch(() => undefined);
  await libvirt.undefine(uuid).catch(() => undefined);
};

/** Collects events until one fits; the limit is the test's. */
export const collector = (libvirt: Libvirt) => {
  const stop = new AbortController();
  const seen: LibvirtEvent[] = [];
  const waiting = new Set<() => void>();
  const reading = (async () => {
    for await (const event of libvirt.events(stop.signal)) {
      seen.push(event);
      for (const wake of waiting) wake();
    }
  })();
  const until = (fits: (event: LibvirtEvent) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!seen.some(fits)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const end = async (): Promise<void> => {
    stop.abort();
    await reading;
  };
  return { seen, until, end };
};

export const lifecycle = (domain: string, detail: RegExp) => (event: LibvirtEvent) =>
  event.kind === 'lifecycle' && event.domain === domain && detail.test(event.detail);
