import { deviceOf, GiB, hostOf, type Lab, lxc, noKvm, shipped } from './parts.ts';

/** A cupboard with an old thin client, a small computer and the tower under the desk. */
export const homelab: Lab = {
  about: 'three unequal hosts of one person',
  hosts: [
    hostOf(
      'atom',
      { cpus: 4, memory: 8, disk: 60 },
      {
        drivers: [lxc, noKvm('the processor has no VT-x')],
        labels: { room: 'cellar' },
        devices: [deviceOf('usb', 'usb:port:1-1', 'Sonoff Zigbee', { id: '10c4:ea60', port: '1-1' })],
      },
    ),
    hostOf(
      'nuc',
      { cpus: 8, memory: 32, disk: 400 },
      {
        labels: { room: 'office' },
        foreign: { cpus: 2, memoryBytes: 4 * GiB },
        foreignNames: { kvm: ['homeassistant'] },
        devices: [deviceOf('render', 'render:renderD128', 'Intel UHD 770', { vendor: 'intel' })],
      },
    ),
    hostOf(
      'tower',
      { cpus: 24, memory: 64, disk: 1800 },
      {
        labels: { room: 'office' },
        reserved: { cpus: 2, memoryBytes: 4 * GiB },
        images: ['debian/12', 'debian/13'],
        devices: [
          deviceOf('gpu', 'pci:0000:01:00.0', 'RTX 4090', { vendor: 'nvidia', group: '14' }),
          deviceOf('pci', 'pci:0000:01:00.1', 'AD102 audio', { vendor: 'nvidia', group: '14' }),
          deviceOf('gpu', 'pci:0000:05:00.0', 'GT 1030', { vendor: 'nvidia', group: '20', state: 'host' }),
          deviceOf('usb', 'usb:serial:A1B2', 'YubiKey 5', { id: '1050:0407', serial: 'A1B2' }),
        ],
      },
    ),
  ],
  workloads: [],
  rules: shipped,
  requests: {
    wiki: { image: 'debian/12', memory: '1GiB' },
    db: { image: 'debian/12', cpus: 4, memory: '6GiB', labels: { app: 'db' } },
    shop: { image: 'debian/12', memory: '2GiB', placement: { near: [{ workload: 'db', hard: true }] } },
    'db-2': {
      image: 'debian/12',
      memory: '6GiB',
      labels: { app: 'db' },
      placement: { away: [{ labels: { app: 'db' }, hard: true }] },
    },
    jellyfin: { image: 'debian/12', memory: '2GiB', devices: [{ gpu: { shared: true } }] },
    zigbee: { image: 'debian/12', memory: '256MiB', devices: [{ usb: { id: '10c4:ea60' } }] },
    desktop: {
      image: 'windows/11',
      cpus: 8,
      memory: '16GiB',
      disk: '200GiB',
      devices: [{ gpu: { vendor: 'nvidia' } }],
    },
    games: { image: 'debian/13', cpus: 8, memory: '8GiB', labels: { kind: 'desktop' }, devices: [{ gpu: {} }] },
    builds: { image: 'debian/13', cpus: 4, memory: '4GiB', nested: true },
    photos: { image: 'debian/12', memory: '1GiB', mounts: [{ from: '/srv/photos', to: '/photos' }] },
    homeassistant: { image: 'debian/12', memory: '2GiB', placement: { host: 'nuc' } },
    router: { image: 'debian/12', memory: '512MiB', kernelModules: ['wireguard'], placement: { host: 'atom' } },
    llm: { image: 'debian/12', memory: '96GiB' },
    mirror: { image: 'debian/12', memory: '512MiB', dependsOn: ['nas'] },
  },
};
