import { setTimeout as delay } from 'node:timers/promises';
import { ensureDatabase, ensureLibvirt, stopDatabase, stopLibvirt } from '@innkeeper/infra';
import { findOperation, listWorkers, openInventory } from '@innkeeper/inventory';
import type { OperationView } from '@innkeeper/model';
import { host, paths } from '../integration/installation.ts';
import type { SecondHost } from '../integration/second-host.ts';
import type { Plane, Planes } from './planes.ts';
import { name } from './work.ts';

/** What a fault has to hit. */
export interface Target {
  readonly planes: Planes;
  readonly databaseUrl: string;
  readonly second: SecondHost | undefined;
  /** What is being done; nothing while idle. */
  readonly operation: OperationView | undefined;
}

/** A real fault on real parts, over when it returns: what it stopped runs again. */
export interface Fault {
  readonly name: string;
  /** How it is made here, for people. */
  readonly how: string;
  /** The workload is on the second host, which it hits. */
  readonly far?: boolean;
  /** It ends the guest itself, which is seen a moment later. */
  readonly endsGuest?: boolean;
  readonly happen: (target: Target) => Promise<void>;
}

/** Longer than a lease lasts. */
const longPauseMs = 22_000;

/** Whoever works on the operation, or else the first that runs. */
const holder = async ({ planes, databaseUrl, operation }: Target): Promise<Plane> => {
  const first = planes.all[0] as Plane;
  if (operation === undefined) return first;
  const inventory = await openInventory(databaseUrl, { connections: 1 });
  try {
    const workerId = (await findOperation(inventory.db, operation.id))?.workerId;
    const pid = (await listWorkers(inventory.db)).find(({ id }) => id === workerId)?.pid;
    return planes.all.find((plane) => plane.pid === pid) ?? first;
  } finally {
    await inventory.close();
  }
};

const killPid = async (pid: string | undefined, signal = 'KILL'): Promise<void> => {
  const number = Number(pid?.trim().split('\n')[0]);
  if (Number.isInteger(number) && number > 1)
    await host.run(['kill', `-${signal}`, String(number)], { expect: [0, 1] });
};

const killFrom = async (file: string): Promise<void> => killPid(await host.files.readTextIfThere(file));

const secondOf = ({ second }: Target): SecondHost => {
  if (second === undefined) throw new Error('this fault needs the second host');
  return second;
};

export const faults: readonly Fault[] = [
  {
    name: 'control plane killed',
    how: 'SIGKILL to the one that works on it; started again',
    happen: async (target) => {
      const plane = await holder(target);
      plane.signal('SIGKILL');
      await plane.ended;
      await target.planes.restart();
    },
  },
  {
    name: 'control plane paused',
    how: 'SIGSTOP to the one that works on it for 22 s, longer than its lease; SIGCONT: two disagree who has the operation',
    happen: async (target) => {
      const plane = await holder(target);
      plane.signal('SIGSTOP');
      await delay(longPauseMs);
      plane.signal('SIGCONT');
    },
  },
  {
    name: 'all control planes killed',
    how: 'SIGKILL to all three; started again',
    happen: async ({ planes }) => {
      for (const plane of planes.all) plane.signal('SIGKILL');
      await Promise.all(planes.all.map(({ ended }) => ended));
      await planes.restart();
    },
  },
  {
    name: 'PostgreSQL restarted',
    how: 'stopped (fast) and started',
    happen: async () => {
      await stopDatabase(host, paths);
      await ensureDatabase(host, paths);
    },
  },
  {
    name: 'PostgreSQL killed',
    how: 'SIGKILL to its first process; started after 2 s',
    happen: async () => {
      await killFrom(`${paths.databaseData}/postmaster.pid`);
      await delay(2000);
      await ensureDatabase(host, paths);
    },
  },
  {
    name: 'PostgreSQL away',
    how: 'stopped for 22 s, longer than a lease',
    happen: async () => {
      await stopDatabase(host, paths);
      await delay(longPauseMs);
      await ensureDatabase(host, paths);
    },
  },
  {
    name: 'libvirtd restarted',
    how: 'SIGTERM to it; started',
    happen: async () => {
      await stopLibvirt(host);
      await ensureLibvirt(host);
    },
  },
  {
    name: 'libvirtd killed',
    how: 'SIGKILL to it; started after 2 s',
    happen: async () => {
      await killFrom('/run/libvirtd.pid');
      await delay(2000);
      await ensureLibvirt(host);
    },
  },
  {
    name: 'libvirtd away',
    how: 'stopped for 12 s',
    happen: async () => {
      await stopLibvirt(host);
      await delay(12_000);
      await ensureLibvirt(host);
    },
  },
  {
    name: 'guest killed',
    how: "SIGKILL to the guest's controller, libvirt_lxc",
    endsGuest: true,
    happen: () => killFrom(`/run/libvirt/lxc/${name}.pid`),
  },
  {
    name: 'dnsmasq killed',
    how: 'SIGKILL to the name and DHCP server of its network',
    happen: () => killFrom('/run/libvirt/network/test-far.pid'),
  },
  {
    name: 'disk full',
    how: "the file system of containers' roots filled to the last byte for 4 s",
    happen: async () => {
      const file = `${paths.state}/roots/.fill`;
      await host.run(['dd', 'if=/dev/zero', `of=${file}`, 'bs=64k'], { expect: [0, 1] });
      await delay(4000);
      await host.files.remove(file);
    },
  },
  {
    name: 'clock jumps',
    how: 'the clock of each control plane, as its process sees it, an hour forward, then two hours back, then right (a stand-in for the clock of the machine)',
    happen: async ({ planes }) => {
      for (const ms of [3_600_000, -7_200_000, 3_600_000]) {
        for (const plane of planes.all) plane.shiftClock(ms);
        await delay(1500);
      }
    },
  },
  {
    name: 'host cut off',
    how: "the second host's line down for 12 s",
    far: true,
    happen: async (target) => {
      await secondOf(target).cutLine();
      await delay(12_000);
      await secondOf(target).joinLine();
    },
  },
  {
    name: 'ssh refused',
    how: "the second host's sshd and its sessions killed for 8 s",
    far: true,
    happen: async (target) => {
      await secondOf(target).stopSshd();
      await delay(8000);
      await secondOf(target).startSshd();
    },
  },
  {
    name: 'host rebooted',
    how: "all processes of the second host killed, its mounts and /run gone, another boot id; libvirtd and sshd started again (a stand-in for a machine's reboot, which the lab does)",
    far: true,
    happen: (target) => secondOf(target).reboot(),
  },
];
