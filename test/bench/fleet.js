/** Hosts for benchmarks of placement: rows of an inventory, and the snapshot that a decision is made from. */
import { shippedRules } from '@innkeeper/placement';

const GiB = 2 ** 30;

const capability = (/** @type {boolean | string[]} */ value) => ({ value, evidence: 'measured' });

/** @type {import('@innkeeper/model').DriverReport[]} */
const drivers = [
  {
    driver: 'lxc',
    backend: 'lxc',
    placeable: true,
    healthy: true,
    versions: {},
    networks: [{ name: 'default', active: true, taken: [] }],
    images: ['debian/12'],
    capabilities: { 'guest.os': capability(['linux']), 'kernel.own': capability(false) },
  },
  {
    driver: 'kvm',
    backend: 'kvm',
    placeable: true,
    healthy: true,
    versions: {},
    networks: [{ name: 'default', active: true, taken: [] }],
    images: ['debian/12'],
    capabilities: {
      'guest.os': capability(['linux', 'windows']),
      'kernel.own': capability(true),
      'device.pci': capability(true),
    },
  },
];

/** @returns {import('@innkeeper/placement').HostSnapshot} */
const hostOf = (/** @type {number} */ at, /** @type {number} */ gpus) => ({
  name: `host-${at}`,
  state: 'up',
  labels: { zone: `zone-${at % 5}`, rack: `rack-${at % 40}` },
  reportAgeMs: 1000,
  drivers,
  images: at % 3 === 0 ? [] : ['debian/12'],
  cpus: 8 + (at % 4) * 8,
  memoryBytes: (32 + (at % 3) * 32) * GiB,
  diskFreeBytes: 500 * GiB,
  cpuRatio: 4,
  memoryRatio: 1,
  reserved: { cpus: 0, memoryBytes: 2 * GiB },
  claimed: { cpus: at % 8, memoryBytes: (at % 24) * GiB },
  foreign: { cpus: 0, memoryBytes: 0 },
  foreignNames: {},
  devices: Array.from({ length: gpus }, (_, slot) => ({
    key: `pci:0000:0${slot}:00.0`,
    class: /** @type {const} */ ('gpu'),
    title: `gpu${slot}`,
    vendor: slot % 2 === 0 ? 'nvidia' : 'amd',
    slots: 1,
    state: /** @type {const} */ ('free'),
    holders: [],
  })),
});

/**
 * Rules as operators write them: of the workload alone, of the host, and of the driver.
 * @returns {import('@innkeeper/model').Rule[]}
 */
const operatorRules = (/** @type {number} */ count) =>
  Array.from({ length: count }, (_, at) => {
    const id = `operator-${at}`;
    const message = `rule ${at} of the operator`;
    switch (at % 4) {
      case 0:
        return {
          id,
          when: `w.labels[?"tier"].orValue("") == "tier-${at}"`,
          then: 'forbid',
          host: `host-${at}`,
          message,
        };
      case 1:
        return {
          id,
          when: `h.labels[?"zone"].orValue("") == "zone-${at % 5}" && w.cpus > 2`,
          then: 'prefer',
          weight: 5,
          message,
        };
      case 2:
        return { id, when: 'd.backend == "kvm" && h.cpus < 16', then: 'prefer', weight: -5, message };
      default:
        return {
          id,
          when: `w.devices.exists(x, x == "usb") && h.workloads > ${at}`,
          then: 'require',
          backend: 'kvm',
          message,
        };
    }
  });

/** @returns {import('@innkeeper/placement').Snapshot} */
export const fleet = (/** @type {{ hosts: number, rules: number, gpus?: number }} */ { hosts, rules, gpus = 0 }) => ({
  hosts: Array.from({ length: hosts }, (_, at) => hostOf(at, gpus)),
  workloads: Array.from({ length: hosts * 2 }, (_, at) => ({
    name: `workload-${at}`,
    host: `host-${at % hosts}`,
    driver: 'lxc',
    project: 'default',
    labels: { tier: `tier-${at % 20}` },
    running: true,
  })),
  rules: [...shippedRules, ...operatorRules(Math.max(0, rules - shippedRules.length))],
});
