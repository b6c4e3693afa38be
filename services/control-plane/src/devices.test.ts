import type { GuestRow, HeldDevice } from '@innkeeper/inventory';
import type { DeviceReport, GuestObservation } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { devicesOn, foreignHolds, isForeignHeld } from './devices.ts';

const ours = '4f1c1a52-5a0e-4f0e-8a63-0c9c54a3b6de';
const report = (key: string, parts: Partial<DeviceReport> = {}): DeviceReport => ({
  key,
  class: 'pci',
  title: key,
  slots: 1,
  state: 'free',
  ...parts,
});
const gpu = report('pci:0000:01:00.0', { class: 'gpu', address: '0000:01:00.0', group: '7' });
const sound = report('pci:0000:01:00.1', { address: '0000:01:00.1', group: '7' });
const render = report('render:card0', { class: 'render', address: '0000:01:00.0', slots: 8 });
const stick = report('usb:serial:A1', { class: 'usb', id: '46f4:0001' });
const all = [gpu, sound, render, stick];
// Only what is read of the rows: they come from the database, which the integration tests use.
const device = (one: DeviceReport, holders: readonly string[] = []): HeldDevice =>
  ({
    host: 'h1',
    key: one.key,
    report: one,
    state: one.state,
    holders: holders.map((workload) => ({ workload })),
  }) as unknown as HeldDevice;
const guest = (name: string, parts: Partial<GuestObservation>): GuestRow =>
  ({ host: 'h1', driver: 'kvm', uuid: name, observation: { name, state: 'running', ...parts } }) as GuestRow;
const pci = { kind: 'pci', address: '0000:01:00.0', text: '' } as const;
const holdersOf = (guests: readonly GuestRow[]): Record<string, unknown> =>
  Object.fromEntries(
    devicesOn(
      all.map((one) => device(one)),
      guests,
      'h1',
      ours,
    ).map(({ key, state, holders }) => [key, [state, ...holders]]),
  );

describe('a device that a foreign guest holds', () => {
  it('is not free, whatever class it is offered as, and says who holds it', () => {
    expect(holdersOf([guest('old-web', { devices: [pci] })])).toEqual({
      [gpu.key]: ['in-use', 'old-web (foreign)'],
      [sound.key]: ['free'],
      [render.key]: ['in-use', 'old-web (foreign)'],
      [stick.key]: ['free'],
    });
  });

  it('is a USB device of the same kind', () => {
    const devices = [{ kind: 'usb', id: '46f4:0001', text: '' } as const];
    expect(holdersOf([guest('scanner', { devices })])[stick.key]).toEqual(['in-use', 'scanner (foreign)']);
  });

  it('is kept from everybody with all of its IOMMU group', () => {
    const held = foreignHolds([guest('old-web', { devices: [pci] })], 'h1', ours);
    expect(all.filter((one) => isForeignHeld(one, all, held)).map(({ key }) => key)).toEqual([
      gpu.key,
      sound.key,
      render.key,
    ]);
  });

  it('is held while the guest runs, or when its host starts it by itself', () => {
    const holds = (parts: Partial<GuestObservation>) =>
      foreignHolds([guest('old-web', { devices: [pci], ...parts })], 'h1', ours).length;
    expect(holds({ state: 'paused' })).toBe(1);
    expect(holds({ state: 'stopped' })).toBe(0);
    expect(holds({ state: 'stopped', autostart: true })).toBe(1);
  });

  it('is what an adopted guest has, whether it runs or not', () => {
    const ownership = { installation: ours, adopted: { tookAutostart: false } };
    const adopted = { devices: [pci], ownership, state: 'stopped' } as Partial<GuestObservation>;
    expect(holdersOf([guest('old-web', adopted)])[gpu.key]).toEqual(['in-use', 'old-web (adopted)']);
  });

  it('is not what our own guests have, nor those of another host', () => {
    const owned = { ownership: { installation: ours } } as Partial<GuestObservation>;
    expect(foreignHolds([guest('mine', { devices: [pci], ...owned })], 'h1', ours)).toEqual([]);
    expect(foreignHolds([guest('old-web', { devices: [pci] })], 'h2', ours)).toEqual([]);
  });
});

it('a device that a workload holds is claimed, and names it', () => {
  expect(devicesOn([device(gpu, ['desktop'])], [], 'h1', ours)).toMatchObject([
    { state: 'claimed', holders: ['desktop'] },
  ]);
});
