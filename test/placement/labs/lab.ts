import { deviceOf, GiB, hostOf, kvm, type Lab, lxc, noKvm, ruleOf, shipped } from './parts.ts';

const rack = (name: string, zone: string, parts: Parameters<typeof hostOf>[2] = {}) =>
  hostOf(name, { cpus: 32, memory: 128, disk: 900 }, { ...parts, labels: { zone, kind: 'rack', ...parts.labels } });

const gpus = (bus: string, title: string, vendor: string, group: string) => [
  deviceOf('gpu', `pci:0000:${bus}:00.0`, title, { vendor, group }),
  deviceOf('pci', `pci:0000:${bus}:00.1`, `${title} audio`, { vendor, group }),
];

const used = (memory: number, cpus = memory / 4) => ({ claimed: { cpus, memoryBytes: memory * GiB } });

const database = { app: 'pg' };
const apart = { away: [{ labels: database, by: 'zone', hard: true }] };

/** Two racks, a shelf of old machines and two workstations of a small team. */
export const lab: Lab = {
  about: 'twelve hosts of a small team, with zones, GPUs, USB sticks and one host that is being emptied',
  hosts: [
    rack('r1', 'a', used(40)),
    rack('r2', 'a', { ...used(100), drivers: [lxc] }),
    rack('r3', 'a', { state: 'draining' }),
    rack('r4', 'b', used(64)),
    rack('r5', 'b', used(16)),
    rack('r6', 'b', { reportAgeMs: 40 * 60_000 }),
    rack('g1', 'a', {
      ...used(20),
      labels: { gpu: 'yes' },
      devices: [...gpus('41', 'A4000', 'nvidia', '31'), ...gpus('61', 'A6000', 'nvidia', '32')],
    }),
    rack('g2', 'b', {
      ...used(20),
      labels: { gpu: 'yes' },
      devices: [
        deviceOf('gpu', 'pci:0000:21:00.0', 'W6800', { vendor: 'amd', group: '9' }),
        deviceOf('pci', 'pci:0000:21:00.4', 'USB controller', { vendor: 'amd', group: '9', state: 'host' }),
        ...gpus('81', 'A2000', 'nvidia', '40'),
      ],
    }),
    hostOf(
      'old1',
      { cpus: 8, memory: 16, disk: 100 },
      { labels: { zone: 'c', kind: 'old' }, drivers: [lxc, noKvm('/dev/kvm is missing')] },
    ),
    hostOf(
      'old2',
      { cpus: 8, memory: 16, disk: 40 },
      {
        labels: { zone: 'c', kind: 'old' },
        drivers: [
          lxc,
          { ...kvm, capabilities: { ...kvm.capabilities, acceleration: { value: 'tcg', evidence: 'no VT-x' } } },
        ],
      },
    ),
    hostOf(
      'ws1',
      { cpus: 16, memory: 64, disk: 500 },
      {
        labels: { zone: 'c', kind: 'workstation' },
        devices: [
          deviceOf('usb', 'usb:port:2-1', 'ST-Link on 2-1', { id: '0483:3748', port: '2-1' }),
          deviceOf('usb', 'usb:port:2-2', 'ST-Link on 2-2', {
            id: '0483:3748',
            port: '2-2',
            state: 'claimed',
            holders: ['flasher'],
          }),
          deviceOf('render', 'render:renderD128', 'Radeon 780M', {
            vendor: 'amd',
            slots: 2,
            state: 'claimed',
            holders: ['preview'],
          }),
        ],
      },
    ),
    hostOf(
      'ws2',
      { cpus: 16, memory: 64, disk: 500 },
      {
        labels: { zone: 'c', kind: 'workstation' },
        state: 'suspect',
        devices: [deviceOf('usb', 'usb:serial:0099', 'Saleae Logic', { serial: '0099' })],
      },
    ),
  ],
  workloads: [
    { name: 'flasher', host: 'ws1', driver: 'lxc', project: 'firmware', labels: {}, running: true },
    { name: 'preview', host: 'ws1', driver: 'lxc', project: 'web', labels: {}, running: true },
    { name: 'ldap', host: 'r4', driver: 'lxc', project: 'default', labels: { app: 'ldap' }, running: false },
  ],
  rules: [
    ...shipped,
    ruleOf('forbid', 'payroll-isolated', 'w.project == "payroll"', {
      backend: 'lxc',
      message: 'payroll runs in virtual machines only',
    }),
    ruleOf('forbid', 'payroll-zone-a', 'w.project == "payroll" && !(has(h.labels.zone) && h.labels.zone == "a")', {
      message: 'payroll stays in zone a',
    }),
    ruleOf('forbid', 'no-emulation', 'd.backend == "kvm" && d.acceleration == "tcg"', {
      message: 'without KVM a virtual machine is too slow to use',
    }),
    ruleOf('prefer', 'old-last', 'h.labels[?"kind"].orValue("") == "old"', {
      weight: -30,
      message: 'old machines are the last resort',
    }),
    ruleOf('require', 'tiered', 'w.project == "lab" && w.labels.tier == "gold"', {
      host: 'r1',
      message: 'gold runs on r1',
    }),
  ],
  requests: {
    'pg-1': { image: 'debian/12', cpus: 8, memory: '32GiB', labels: database, placement: apart },
    'pg-2': { image: 'debian/12', cpus: 8, memory: '32GiB', labels: database, placement: apart },
    'pg-3': { image: 'debian/12', cpus: 8, memory: '8GiB', labels: database, placement: apart },
    'pg-4': { image: 'debian/12', cpus: 8, memory: '8GiB', labels: database, placement: apart },
    api: { image: 'debian/12', memory: '4GiB', placement: { near: [{ workload: 'pg-1', by: 'zone', hard: true }] } },
    cache: { image: 'debian/12', memory: '4GiB', placement: { near: [{ workload: 'pg-1' }] } },
    'web-1': { image: 'debian/12', memory: '2GiB', labels: { app: 'web' }, placement: { spreadBy: 'app' } },
    'web-2': { image: 'debian/12', memory: '2GiB', labels: { app: 'web' }, placement: { spreadBy: 'app' } },
    'web-3': { image: 'debian/12', memory: '2GiB', labels: { app: 'web' }, placement: { spreadBy: 'app' } },
    archive: { image: 'debian/12', memory: '2GiB', placement: { strategy: 'pack' } },
    train: {
      image: 'debian/12',
      cpus: 16,
      memory: '48GiB',
      devices: [{ gpu: { vendor: 'nvidia' } }, { gpu: { vendor: 'nvidia' } }],
    },
    render: { image: 'windows/11', cpus: 8, memory: '16GiB', devices: [{ gpu: { vendor: 'amd' } }] },
    cad: { image: 'windows/11', cpus: 8, memory: '16GiB', devices: [{ gpu: { vendor: 'nvidia' } }] },
    cad2: { image: 'windows/11', cpus: 8, memory: '16GiB', devices: [{ gpu: {} }] },
    preview2: { image: 'debian/12', memory: '1GiB', devices: [{ gpu: { shared: true } }] },
    preview3: { image: 'debian/12', memory: '1GiB', devices: [{ gpu: { shared: true } }] },
    jtag: { image: 'debian/12', memory: '1GiB', devices: [{ usb: { id: '0483:3748' } }] },
    jtag2: { image: 'debian/12', memory: '1GiB', devices: [{ usb: { port: '2-1' } }] },
    logic: { image: 'debian/12', memory: '1GiB', devices: [{ usb: { serial: '0099' } }] },
    payroll: { image: 'debian/12', memory: '8GiB', project: 'payroll' },
    vpn: { image: 'debian/12', memory: '1GiB', isolation: 'strong', placement: { hostLabels: { kind: 'old' } } },
    ci: { image: 'debian/12', cpus: 8, memory: '16GiB', nested: true, ephemeral: true },
    tool: { image: 'debian/12', memory: '1GiB', project: 'lab' },
    sso: { image: 'debian/12', memory: '1GiB', dependsOn: ['ldap'] },
    warehouse: { image: 'debian/12', memory: '200GiB' },
  },
};
