import { randomUUID } from 'node:crypto';
import { exec } from '@innkeeper/client';
import { ensureDatabase } from '@innkeeper/infra';
import {
  deleteWorkload,
  insertWorkload,
  markKept,
  openInventory,
  scheduleRestart,
  takeRestart,
} from '@innkeeper/inventory';
import { connect, describeDomain } from '@innkeeper/libvirt';
import type { EventView, WorkloadSpec, WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

const lxc = connect(host, 'lxc:///system');
const patienceMs = 60_000;

let innkeeper: Installation;

/** The first answer that is not undefined; the state is waited for, never slept for. */
const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const view = (name: string): Promise<WorkloadView> => innkeeper.client.workload(name);
const viewWhere = (name: string, fits: (view: WorkloadView) => boolean): Promise<WorkloadView> =>
  until(`what was waited for of ${name}`, async () => {
    const now = await view(name);
    return fits(now) ? now : undefined;
  });
const apply = async (name: string, spec: Omit<WorkloadSpec, 'image'>): Promise<WorkloadView> => {
  const operation = await innkeeper.finished(
    await innkeeper.client.put(name, { image: 'debian/12', backend: 'lxc', ...spec }),
  );
  expect(operation.error).toBeUndefined();
  return view(name);
};
const remove = async (name: string): Promise<void> =>
  void (await innkeeper.finished(await innkeeper.client.remove(name)));
const gone = (name: string): Promise<boolean> =>
  until(`the removal of ${name}`, async () =>
    (await innkeeper.client.workloads()).some((one) => one.name === name) ? undefined : true,
  );

/** The first event of a kind about a workload, from the beginning on. */
const told = async (name: string, kind: string): Promise<EventView> => {
  const signal = AbortSignal.timeout(patienceMs);
  for await (const event of innkeeper.client.events(signal, '0'))
    if (event.kind === kind && event.subject.name === name) return event;
  throw new Error(`${kind} was not told of ${name}`);
};
const operationsOf = async (name: string, kind: string) =>
  (await innkeeper.client.operations(200)).filter((one) => one.workload.name === name && one.kind === kind);

const controllerOf = async (name: string): Promise<number> => {
  const { id } = await view(name);
  const controller = describeDomain((await lxc.xml([id])).get(id) ?? '').id;
  if (controller === undefined) throw new Error(`${name} does not run`);
  return controller;
};
/** From outside, as the kernel's OOM killer would. */
const killInit = async (name: string): Promise<void> => {
  const controller = await controllerOf(name);
  const init = Number((await host.files.readText(`/proc/${controller}/task/${controller}/children`)).split(' ')[0]);
  process.kill(init, 'SIGKILL');
};
const runInside = async (name: string, script: string): Promise<void> => {
  const outputs = { stdout: () => undefined, stderr: () => undefined };
  const stream = await exec({ socket: paths.socket }, name, { command: ['sh', '-c', script] }, outputs);
  await stream.exit;
};

/** Its systemd may be too young to be asked. */
const powerOffInside = (name: string): Promise<void> => runInside(name, 'until systemctl poweroff; do sleep 0.2; done');

beforeAll(async () => {
  innkeeper = await install();
});

afterAll(async () => {
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('restart', () => {
  it('always: a container whose init was killed comes back, and says so', async () => {
    const name = 'test-op-always';
    const before = await apply(name, { restart: 'always' });
    await killInit(name);
    const after = await viewWhere(name, ({ state, restarts }) => state === 'running' && restarts === 1);
    expect(after.id).toBe(before.id);
    expect(after.drift).toEqual([]);
    expect((await told(name, 'workload.restarting')).text).toMatch(
      /^test-op-always has ended \(.+\) and is started again in 1s \(restart: always\)$/,
    );
    expect((await operationsOf(name, 'start')).map(({ who }) => who)).toEqual(['innkeeper (restart: always)']);
    await remove(name);
  });

  it('always: waits longer the next time, and what was going to happen happens under another control plane', async () => {
    const name = 'test-op-again';
    await apply(name, { restart: 'always' });
    for (const restarts of [1, 2]) {
      await killInit(name);
      await viewWhere(name, (now) => now.state === 'running' && now.restarts === restarts);
    }
    await killInit(name);
    const { nextRestartAt, drift } = await viewWhere(name, (now) => now.nextRestartAt !== undefined);
    expect(Date.parse(nextRestartAt ?? '') - Date.now()).toBeGreaterThan(2000);
    expect(drift).toEqual([]);
    await innkeeper.replace();
    const after = await viewWhere(name, ({ state, restarts }) => state === 'running' && restarts === 3);
    expect(after.nextRestartAt).toBeUndefined();
    expect(await operationsOf(name, 'start')).toHaveLength(3);
    await remove(name);
  });

  it('always: an end that no control plane saw is found by the next', async () => {
    const name = 'test-op-unseen';
    await apply(name, { restart: 'always' });
    const controller = await controllerOf(name);
    await innkeeper.replace(async () => {
      process.kill(controller, 'SIGKILL');
      const { uuid } = (await lxc.domains()).find((domain) => domain.name === name) ?? { uuid: '' };
      await until(`the end of ${name}`, async () => (await lxc.reasons([uuid])).get(uuid) !== 'booted' || undefined);
    });
    await viewWhere(name, ({ state, restarts }) => state === 'running' && restarts === 1);
    await remove(name);
  });

  it('always: is tried on, after longer and longer, while its init ends at once', async () => {
    const name = 'test-op-hopeless';
    await apply(name, { restart: 'always' });
    await runInside(name, 'ln -sf /bin/true /usr/sbin/init');
    await killInit(name);
    const { nextRestartAt } = await viewWhere(name, (now) => now.restarts === 2 && now.nextRestartAt !== undefined);
    expect(Date.parse(nextRestartAt ?? '') - Date.now()).toBeGreaterThan(2000);
    const { spec, state } = await view(name);
    expect({ power: spec?.power, state }).toEqual({ power: undefined, state: 'stopped' });
    await remove(name);
  });

  it('always: what the user stopped stays stopped', async () => {
    const name = 'test-op-stopped';
    await apply(name, { restart: 'always' });
    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    await innkeeper.replace();
    const { state, restarts, nextRestartAt } = await view(name);
    expect({ state, restarts, nextRestartAt }).toEqual({ state: 'stopped' });
    await remove(name);
  });

  it('on-failure: a poweroff inside is no failure, a killed controller is one', async () => {
    const name = 'test-op-failure';
    await apply(name, { restart: 'on-failure' });
    await powerOffInside(name);
    const stopped = await viewWhere(name, ({ state }) => state === 'stopped');
    expect(stopped.drift).toEqual(['power: running was asked, the guest is stopped']);
    await innkeeper.finished(await innkeeper.client.act(name, 'start'));
    expect((await view(name)).restarts).toBeUndefined();
    process.kill(await controllerOf(name), 'SIGKILL');
    await viewWhere(name, ({ state, restarts }) => state === 'running' && restarts === 1);
    expect((await told(name, 'workload.restarting')).text).toContain('(restart: on-failure)');
    await remove(name);
  });

  it('never: it stays stopped, and that is drift', async () => {
    const name = 'test-op-never';
    await apply(name, {});
    await killInit(name);
    const { drift, restarts } = await viewWhere(name, ({ state }) => state === 'stopped');
    expect(drift).toEqual(['power: running was asked, the guest is stopped']);
    expect(restarts).toBeUndefined();
    expect(await operationsOf(name, 'start')).toEqual([]);
    await remove(name);
  });
});

describe('ephemeral', () => {
  it('is removed after a poweroff inside', async () => {
    const name = 'test-op-inside';
    await apply(name, { ephemeral: true });
    await powerOffInside(name);
    await gone(name);
    expect((await operationsOf(name, 'remove')).map(({ who }) => who)).toEqual([
      'innkeeper (it is ephemeral and has stopped)',
    ]);
    expect((await told(name, 'workload.ended')).text).toBe(
      'test-op-inside is removed, since it is ephemeral and has stopped',
    );
    await told(name, 'workload.removed');
  });

  it('is removed after stop, and survives a restart', async () => {
    const name = 'test-op-stop';
    await apply(name, { ephemeral: true });
    await innkeeper.finished(await innkeeper.client.act(name, 'restart'));
    await innkeeper.replace();
    expect((await view(name)).state).toBe('running');
    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    await gone(name);
  });
});

describe('ttl', () => {
  it('removes when it is over, counted from the creation', async () => {
    const name = 'test-op-ttl';
    const { createdAt = '', expiresAt = '' } = await apply(name, { ttl: '8s' });
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(8000);
    await gone(name);
    const [operation] = await operationsOf(name, 'remove');
    expect(operation?.who).toBe('innkeeper (its ttl of 8s is over)');
    expect(Date.parse(operation?.createdAt ?? '')).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect((await told(name, 'workload.expired')).text).toBe('test-op-ttl is removed, since its ttl of 8s is over');
  });

  it('removes nothing that is protected, says so once, and removes it when it is protected no more', async () => {
    const name = 'test-op-kept';
    await apply(name, { ttl: '1s', protect: true });
    expect((await told(name, 'workload.kept')).text).toBe(
      'test-op-kept is protected: it is kept although its ttl of 1s is over',
    );
    await innkeeper.replace();
    expect((await view(name)).state).toBe('running');
    expect(await operationsOf(name, 'remove')).toEqual([]);
    await apply(name, { ttl: '1s', protect: false }).catch(() => undefined);
    await gone(name);
    const kept: EventView[] = [];
    for await (const event of innkeeper.client.events(AbortSignal.timeout(patienceMs), '0')) {
      if (event.subject.name !== name) continue;
      if (event.kind === 'workload.removed') break;
      if (event.kind === 'workload.kept') kept.push(event);
    }
    expect(kept).toHaveLength(1);
  });
});

describe('twenty who act at once', () => {
  const atOnce = (work: () => Promise<boolean>): Promise<boolean[]> =>
    Promise.all(Array.from({ length: 20 }, () => work()));
  const winners = (answers: readonly boolean[]): number => answers.filter((won) => won).length;

  it('set one time for a restart, take it once, and tell once that something is kept', async () => {
    const { url } = await ensureDatabase(host, paths);
    const inventory = await openInventory(url);
    const { db } = inventory;
    const workload = { id: randomUUID(), restarts: 0 };
    await insertWorkload(db, { id: workload.id, name: 'test-op-race', spec: { image: 'debian/12' } });
    try {
      expect(winners(await atOnce(() => takeRestart(db, workload)))).toBe(0);
      expect(winners(await atOnce(() => scheduleRestart(db, workload, new Date())))).toBe(1);
      expect(winners(await atOnce(() => takeRestart(db, workload)))).toBe(1);
      expect(winners(await atOnce(() => scheduleRestart(db, workload, new Date())))).toBe(0);
      expect(winners(await atOnce(() => markKept(db, workload.id, 'its ttl of 1s is over')))).toBe(1);
    } finally {
      await deleteWorkload(db, workload.id);
      await inventory.close();
    }
  });
});
