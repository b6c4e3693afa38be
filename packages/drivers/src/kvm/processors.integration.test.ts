import { randomUUID } from 'node:crypto';
import type { GuestOrder } from '@innkeeper/driver-contract';
import { localHost } from '@innkeeper/host';
import { connect } from '@innkeeper/libvirt';
import { completeSpec, pathsUnder } from '@innkeeper/model';
import { createGuestDisk } from '@innkeeper/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleLogFolder } from '../shared/console-log.ts';
import type { Definition } from '../shared/definition.ts';
import { observer } from '../shared/observer.ts';
import { redefine } from '../shared/redefine.ts';
import { changeMachine } from './live.ts';
import { planMachine } from './plan.ts';
import { machineXml } from './xml.ts';

const host = localHost('test');
const prefix = '/tmp/innkeeper-test-processors';
const paths = pathsUnder(prefix);
const libvirt = connect(host, 'qemu:///system');
const stored = { image: 'debian/12', backend: 'kvm', memory: '64MiB' } as const;
const uuid = randomUUID();

const orderFor = (cpus: number, cpuPinning?: string): GuestOrder => ({
  name: 'test-processors',
  uuid,
  spec: { ...completeSpec({ ...stored, cpus }), ...(cpuPinning === undefined ? {} : { cpuPinning }) },
  stored: { ...stored, cpus },
  ownership: { installation: uuid, workloadId: uuid, generation: 1 },
  claims: { uidStart: 0, networks: [] },
  report: {
    driver: 'kvm',
    backend: 'kvm',
    placeable: true,
    healthy: true,
    versions: {},
    capabilities: { acceleration: { value: 'kvm', evidence: 'as if' } },
    networks: [],
    images: [],
  },
});

/** What a host with acceleration is given, run by software: nothing is installed on its disk, so nobody lets go of anything. */
const emulated = (order: GuestOrder): string =>
  machineXml(planMachine(order).definition as unknown as Definition, paths, 'kvm', undefined)
    .replace('<domain type="kvm">', '<domain type="qemu">')
    .replace('<cpu mode="host-model"/>', '');

const give = async (order: GuestOrder) => {
  const plan = planMachine(order);
  return redefine(libvirt, plan, emulated(order), changeMachine(libvirt, paths, plan));
};

const processorsNow = async (): Promise<number | undefined> =>
  (await observer(libvirt, 'kvm', 'qemu').list()).find((one) => one.uuid === uuid)?.cpus;

describe('a machine that runs', () => {
  beforeAll(async () => {
    await host.files.makeDirectory(paths.state, 0o711);
    await host.files.makeDirectory(`${paths.run}/consoles`, 0o711);
    await host.files.makeDirectory(consoleLogFolder(paths), 0o711);
    await createGuestDisk(host, paths, { id: uuid, sizeBytes: 2 ** 20, backing: undefined });
    await libvirt.define(emulated(orderFor(2)));
    await libvirt.start(uuid);
  });

  afterAll(async () => {
    await libvirt.destroy(uuid).catch(() => undefined);
    await libvirt.undefine(uuid).catch(() => undefined);
    await host.files.remove(prefix);
  });

  it('is given more processors at once', async () => {
    expect(await processorsNow()).toBe(2);
    expect(await give(orderFor(5))).toEqual({ cpus: 'applied' });
    expect(await processorsNow()).toBe(5);
    expect(await give(orderFor(5))).toEqual({});
  });

  it('is pinned with all of them, and with those that it may be given', async () => {
    expect(await give(orderFor(5, '0'))).toEqual({ cpuPinning: 'applied' });
    expect(await give(orderFor(6, '0'))).toEqual({ cpus: 'applied' });
  });

  it('gets more than it has room for at its next start, and keeps what its guest does not let go of', async () => {
    expect(await give(orderFor(12, '0'))).toEqual({ cpus: 'needs-restart' });
    expect(await processorsNow()).toBe(6);
    expect(await give(orderFor(3, '0'))).toEqual({ cpus: 'needs-restart' });
    expect(await processorsNow()).toBe(6);
    await libvirt.destroy(uuid);
    await libvirt.start(uuid);
    expect(await processorsNow()).toBe(3);
  });
});
