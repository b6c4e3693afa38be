import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inside } from './inside.ts';
import { host, type Installation, install, killed } from './installation.ts';
import { disksOf, machinesLeft, qemu } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmsnap';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmsnap';
});

const name = 'test-vmsnap-quiet';
const bootMs = 240_000;
let innkeeper: Installation;
let id: string;

const agent = (command: string): Promise<unknown> => qemu.agentCommand(id, command, {});

/** Its agent and our program inside answer. */
const booted = async (): Promise<void> => {
  const deadline = Date.now() + bootMs;
  for (;;) {
    try {
      await agent('guest-ping');
      await inside(name, 'true');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
};

beforeAll(async () => {
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  const made = await innkeeper.client.put(name, { image: 'debian/12', backend: 'kvm', memory: '512MiB' });
  expect(await innkeeper.finished(made)).toMatchObject({ state: 'done' });
  ({ id } = await innkeeper.client.workload(name));
  await booted();
}, 400_000);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  expect(await innkeeper.finished(await innkeeper.client.remove(name))).toMatchObject({ state: 'done' });
  expect(await machinesLeft([id])).toEqual([]);
  await innkeeper.stop();
});

describe('a machine with a system inside', () => {
  it('has its file systems frozen while it is copied, and goes on writing', async () => {
    await inside(name, 'echo marked-by-the-test > /root/note');
    const end = await innkeeper.finished(await innkeeper.client.snapshot(name, { name: 'quiet' }));
    expect(end).toMatchObject({ state: 'done' });
    expect(await agent('guest-fsfreeze-status')).toBe('thawed');
    await inside(name, 'echo later > /root/later; sync');
    // Nobody has asked for it to be written to the disk, but the freeze.
    const [held] = await innkeeper.client.snapshots(name);
    const copy = `${disksOf(id).snapshots}/${held?.id}/disk.qcow2`;
    await host.run(['grep', '-q', '-a', 'marked-by-the-test', copy]);
    await host.run(['qemu-img', 'check', '-q', copy]);
  });

  it('is thawed and goes on when a kill has left it frozen and standing still', async () => {
    let cut = false;
    innkeeper.fault = async (point) => {
      if (point !== 'before copy' || cut) return;
      cut = true;
      await agent('guest-fsfreeze-freeze');
      await qemu.suspend(id);
      throw killed();
    };
    const end = await innkeeper.finished(await innkeeper.client.snapshot(name, { name: 'cut' }));
    expect(end).toMatchObject({ state: 'done' });
    expect(cut).toBe(true);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running' });
    expect(await agent('guest-fsfreeze-status')).toBe('thawed');
    await inside(name, 'echo after > /root/after; sync');
  });
});
