import type {
  DomainDescription,
  HostDeviceDescription,
  InterfaceDescription,
  UsbDescription,
} from '@innkeeper/libvirt';
import type { GuestDisk, GuestObservation, HeldDevice } from '@innkeeper/model';

const pciDevice = (address: string): HeldDevice => ({ kind: 'pci', address, text: `PCI device ${address}` });

const usbDevice = ({ vendor, product, bus, device }: UsbDescription): HeldDevice => {
  const id = vendor === undefined || product === undefined ? undefined : `${vendor}:${product}`;
  const place = bus === undefined || device === undefined ? undefined : { bus, device };
  const where = place === undefined ? [] : [`bus ${place.bus}, device ${place.device}`];
  return {
    kind: 'usb',
    ...(id === undefined ? {} : { id }),
    ...(place === undefined ? {} : { address: `${place.bus}:${place.device}` }),
    text: ['USB device', ...(id === undefined ? where : [id, ...where.map((one) => `(${one})`)])].join(' '),
  };
};

const hostDevice = (one: HostDeviceDescription): HeldDevice => {
  if (one.pci !== undefined) return pciDevice(one.pci);
  if (one.usb !== undefined) return usbDevice(one.usb);
  if (one.path !== undefined) return { kind: 'node', address: one.path, text: `device ${one.path}` };
  if (one.netInterface !== undefined)
    return { kind: 'net', address: one.netInterface, text: `network interface ${one.netInterface}` };
  if (one.mdev !== undefined) return { kind: 'other', address: one.mdev, text: `mediated device ${one.mdev}` };
  return { kind: 'other', text: `${one.type === '' ? 'other' : one.type} device` };
};

const passedThrough = ({ type, pci }: InterfaceDescription): HeldDevice[] =>
  type === 'hostdev' && pci !== undefined ? [pciDevice(pci)] : [];

/** Memory of the host that looks like a directory is none. */
const disksOf = ({ disks, filesystems }: DomainDescription): GuestDisk[] =>
  [...disks, ...filesystems.filter(({ type }) => type !== 'ram')].flatMap(({ source, target, readonly }) =>
    source === undefined ? [] : [{ target, source, readonly }],
  );

/** Where a guest's disks are on the host, and what else of the host its definition gives it. */
export const holdingsOf = (description: DomainDescription): Pick<GuestObservation, 'disks' | 'devices'> => ({
  disks: disksOf(description),
  devices: [...description.hostdevs.map(hostDevice), ...description.interfaces.flatMap(passedThrough)],
});
