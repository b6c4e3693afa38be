/**
 * How long an explain-everything decision takes, and how many placements with an exclusive device a second real
 * PostgreSQL commits when many want them at once; whether anything was ever sold twice.
 */
import { randomUUID } from 'node:crypto';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import {
  changeHost,
  claimCapacity,
  claimDevices,
  claimUidRange,
  ensureHost,
  insertPlacement,
  insertWorkload,
  openInventory,
  recordDevices,
  recordReport,
  releaseClaims,
  updateWorkload,
} from '@innkeeper/inventory';
import { completeSpec, deviceRequestOf } from '@innkeeper/model';
import { decide } from '@innkeeper/placement';
import { fleet } from './fleet.js';
import { host, paths, virsh } from './installation.js';
import { machineFacts, median, time } from './measure.js';

const clients = 16;
const rules = 20;
const samplesWanted = 30;
const warmUps = 20;
const claimHosts = 500;
const gpusPerHost = 4;
const placementsWanted = 1600;
const races = 100_000;
const raceDevices = 8;

const spec = /** @type {const} */ ({ image: 'debian/12', isolation: 'strong', devices: [{ gpu: {} }] });
const complete = completeSpec(spec);
const request = (/** @type {string} */ name) => ({
  name,
  spec: completeSpec({
    image: 'debian/12',
    labels: { tier: 'tier-3' },
    placement: { away: [{ labels: { tier: 'tier-3' } }] },
  }),
});

/** Milliseconds of each decision over a fleet of that size. */
const decisions = (/** @type {number} */ hosts) => {
  const snapshot = fleet({ hosts, rules });
  for (let round = 0; round < warmUps; round += 1) decide(snapshot, request('warm'));
  return Array.from({ length: samplesWanted }, () => {
    const began = performance.now();
    decide(snapshot, request('one'));
    return performance.now() - began;
  });
};

/** @typedef {import('@innkeeper/inventory').Inventory} Inventory */

const fill = async (
  /** @type {Inventory} */ { db },
  /** @type {import('@innkeeper/placement').Snapshot} */ snapshot,
) => {
  for (const one of snapshot.hosts) {
    await ensureHost(db, one.name, 'bench');
    await recordReport(
      db,
      one.name,
      {
        hostname: one.name,
        arch: 'x86_64',
        kernel: 'bench',
        bootId: randomUUID(),
        cpus: one.cpus,
        memoryBytes: one.memoryBytes,
        diskFreeBytes: one.diskFreeBytes,
        diskTotalBytes: one.diskFreeBytes,
        reservedIds: [],
      },
      [...one.drivers],
    );
    await changeHost(db, one.name, { cpuRatio: one.cpuRatio, memoryRatio: one.memoryRatio });
    await recordDevices(db, one.name, one.devices);
  }
};

/** One transaction as the step `place` makes it. False when somebody else was faster. */
const commit = (
  /** @type {Inventory} */ inventory,
  /** @type {string} */ on,
  /** @type {{ record: import('@innkeeper/model').PlacementRecord, input: unknown } | undefined} */ kept,
) =>
  inventory
    .transaction(async (tx) => {
      const id = randomUUID();
      await insertWorkload(tx, { id, name: `w-${id.slice(0, 30)}`, spec });
      const { cpus, memoryBytes, diskBytes } = complete;
      const foreign = { cpus: 0, memoryBytes: 0 };
      const claim = { workloadId: id, host: on, cpus, memoryBytes, diskBytes, foreign };
      if (!(await claimCapacity(tx, claim))) throw new Error('no room');
      if (!(await claimDevices(tx, { workloadId: id, host: on }, complete.devices))) throw new Error('no device');
      await claimUidRange(tx, id, []);
      if (kept !== undefined) await insertPlacement(tx, id, kept.record, kept.input);
      await updateWorkload(tx, id, { state: 'creating', placed: { host: on, driver: 'kvm', backend: 'kvm' } });
      return true;
    })
    .catch((error) => {
      if (error instanceof Error && /^no (room|device)$/.test(error.message)) return false;
      throw error;
    });

/** Each client walks the hosts that its decision ranked, from the best; committed placements a second. */
const claimRate = async (
  /** @type {Inventory} */ inventory,
  /** @type {import('@innkeeper/placement').Snapshot} */ snapshot,
) => {
  const { candidates } = decide({ ...snapshot, rules: [] }, { name: 'bench', spec: complete });
  const ranked = candidates.filter(({ fits }) => fits).map(({ candidate }) => candidate.host);
  let [committed, refused] = [0, 0];
  const client = async (/** @type {number} */ number) => {
    for (let at = number; committed < placementsWanted; at += 7) {
      if (await commit(inventory, ranked[at % ranked.length] ?? '', undefined)) committed += 1;
      else refused += 1;
    }
  };
  const ms = await time(() => Promise.all(Array.from({ length: clients }, (_, number) => client(number))));
  return { perSecond: committed / (ms / 1000), refused };
};

/** A whole decision and its record each, one after the other; before the hosts fill up, so that none is refused. */
const placementRate = async (
  /** @type {Inventory} */ inventory,
  /** @type {import('@innkeeper/placement').Snapshot} */ snapshot,
) => {
  const wanted = 40;
  let committed = 0;
  const ms = await time(async () => {
    for (let at = 0; at < wanted; at += 1) {
      const input = { snapshot, request: { name: 'bench', spec: complete } };
      const record = decide(snapshot, input.request);
      const on = record.candidates[at]?.candidate.host ?? '';
      if (await commit(inventory, on, { record, input })) committed += 1;
    }
  });
  if (committed < wanted) throw new Error(`${wanted - committed} of ${wanted} placements were refused`);
  return committed / (ms / 1000);
};

/** Hosts on which more is claimed than there is, and devices held more often than they have slots. */
const oversold = async (
  /** @type {Inventory} */ inventory,
  /** @type {import('@innkeeper/placement').Snapshot} */ snapshot,
) => {
  const { claimedCapacity, listDevices } = await import('@innkeeper/inventory');
  const claimed = await claimedCapacity(inventory.db);
  const hosts = snapshot.hosts.filter((one) => {
    const sum = claimed.get(one.name) ?? { cpus: 0, memoryBytes: 0 };
    return sum.cpus > one.cpus * one.cpuRatio || sum.memoryBytes > one.memoryBytes * one.memoryRatio;
  });
  const devices = (await listDevices(inventory.db)).filter(({ holders, slots }) => holders.length > slots);
  return hosts.length + devices.length;
};

/** Clients claim one of a few devices and give it back, again and again; who holds what is also kept here. */
const race = async (/** @type {Inventory} */ inventory, /** @type {(text: string) => void} */ progress) => {
  await ensureHost(inventory.db, 'race', 'bench');
  await recordDevices(
    inventory.db,
    'race',
    Array.from({ length: raceDevices }, (_, slot) => ({
      key: `gpu-${slot}`,
      class: /** @type {const} */ ('gpu'),
      title: `gpu${slot}`,
      slots: 1,
      state: /** @type {const} */ ('free'),
    })),
  );
  const wanted = [deviceRequestOf({ gpu: {} })];
  const { listDevices } = await import('@innkeeper/inventory');
  let [tried, won, doubles] = [0, 0, 0];
  const workers = await Promise.all(
    Array.from({ length: clients }, async (_, number) => {
      const id = randomUUID();
      await insertWorkload(inventory.db, { id, name: `racer-${number}`, spec });
      return id;
    }),
  );
  await Promise.all(
    workers.map(async (workloadId) => {
      while (tried < races) {
        tried += 1;
        if (tried % 10_000 === 0) progress(`race ${tried} of ${races}`);
        if (!(await claimDevices(inventory.db, { workloadId, host: 'race' }, wanted))) continue;
        won += 1;
        if (won % 500 === 0) {
          const held = (await listDevices(inventory.db)).filter((device) => device.host === 'race');
          doubles += held.filter(({ holders }) => holders.length > 1).length;
        }
        await releaseClaims(inventory.db, workloadId);
      }
    }),
  );
  return { won, doubles };
};

export const bench = async (/** @type {(text: string) => void} */ progress) => {
  progress('decisions over 100 hosts');
  const samples = { decide_100x2_ms: decisions(100), decide_1000x2_ms: /** @type {number[]} */ ([]) };
  progress('decisions over 1000 hosts');
  samples.decide_1000x2_ms = decisions(1000);
  progress('a database of its own');
  await host.files.remove(paths.prefix);
  const { url } = await ensureDatabase(host, paths);
  try {
    const inventory = await openInventory(url, { connections: clients });
    const snapshot = fleet({ hosts: claimHosts, rules, gpus: gpusPerHost });
    progress(`${claimHosts} hosts with ${gpusPerHost} GPUs each`);
    await fill(inventory, snapshot);
    progress('placements with decision and record');
    const whole = await placementRate(inventory, snapshot);
    progress(`${placementsWanted} placements by ${clients} clients`);
    const { perSecond } = await claimRate(inventory, snapshot);
    const sold = await oversold(inventory, snapshot);
    progress(`${races} races for ${raceDevices} devices`);
    const { doubles } = await race(inventory, progress);
    await inventory.close();
    return {
      bench: 'placement',
      metrics: {
        decide_100x2_ms: median(samples.decide_100x2_ms),
        decide_1000x2_ms: median(samples.decide_1000x2_ms),
        claims_per_s: perSecond,
        placements_per_s: whole,
        oversold: sold,
        double_claims: doubles,
      },
      goals: {
        decide_100x2_ms: { most: 5 },
        decide_1000x2_ms: { most: 50 },
        claims_per_s: { least: 300 },
        oversold: { most: 0 },
        double_claims: { most: 0 },
      },
      notes: {},
      samples,
      machine: machineFacts((await virsh('--version')).stdout.trim()),
    };
  } finally {
    await stopDatabase(host, paths);
    await host.files.remove(paths.prefix);
  }
};
