import type { OperationView } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { broken, cutUndo, failOnce, host, type Installation, install, killed, paths } from './installation.ts';
import { disksOf, fill, held, machineSpec, machinesLeft, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmbaksteps';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmbs';
});

const shelf = '/tmp/innkeeper-test-vmbaksteps-shelf';
const repository = `${shelf}/repository`;
const source = 'test-vmbs-source';
const copy = 'test-vmbs-copy';
const making = ['record', 'copy', 'send', 'complete', 'clear', 'observe'] as const;
const bringing = ['place', 'look', 'acceleration', 'fetch', 'addresses', 'define', 'stop', 'observe'] as const;
const failure = { state: 'failed', error: { detail: 'made to fail by a test' } };

let innkeeper: Installation;
/** Of the source. */
let id: string;
/** A backup that is there all the time. */
let kept: string;
/** What the source holds, and what the host has, and has promised, of it alone, and what is known. */
let alone: unknown;

const finished = (operation: OperationView): Promise<OperationView> => innkeeper.finished(operation);
const backUp = async (): Promise<OperationView> => finished(await innkeeper.client.makeBackup(source, {}));
const bring = async (): Promise<OperationView> =>
  finished(await innkeeper.client.restoreBackup(kept, { as: copy, power: 'stopped' }));
const remove = async (of: string): Promise<void> =>
  expect(await finished(await innkeeper.client.remove(of))).toMatchObject({ state: 'done' });

const sent = async (): Promise<number> => {
  const { stdout } = await host.run(
    ['restic', '--no-cache', '--no-lock', '-r', repository, 'snapshots', '--json', '--tag', 'innkeeper'],
    { env: { RESTIC_PASSWORD_FILE: `${shelf}/password` } },
  );
  return (JSON.parse(stdout) as unknown[]).length;
};

const filesIn = async (folder: string): Promise<string[]> =>
  (await host.run(['find', folder, '-mindepth', '1', '-printf', '%P\\n'])).stdout.split('\n').sort();

const everything = async (): Promise<unknown> => {
  const [first] = await innkeeper.client.hosts();
  return {
    workloads: (await innkeeper.client.workloads()).filter(({ managed }) => managed).map(({ name }) => name),
    // All that there is of any machine, also beside its disks.
    disks: await filesIn(`${paths.state}/disks`),
    volumes: await filesIn(`${paths.state}/volumes`),
    variables: await host.files.list('/var/lib/libvirt/qemu/nvram'),
    tpms: await host.files.list('/var/lib/libvirt/swtpm'),
    held: await held(id),
    claimed: first?.capacity?.claimed,
    leases: (await innkeeper.client.leases('default')).filter(({ workload }) => workload.startsWith('test-vmbs'))
      .length,
    backups: (await innkeeper.client.backups()).map(({ name, state }) => ({ name, state })),
    sent: await sent(),
  };
};

/** The source is as it was, and nothing else of what failed is anywhere. */
const expectAlone = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  expect(await innkeeper.client.workload(source)).toMatchObject({ state: 'stopped' });
  expect(await everything()).toEqual(alone);
};

const expectBackup = async (): Promise<void> => {
  const newest = (await innkeeper.client.backups()).at(-1)?.name ?? '';
  expect(newest).not.toBe(kept);
  expect((await innkeeper.client.backup(newest)).state).toBe('ready');
  await innkeeper.client.removeBackup(newest);
};

const expectCopy = async (): Promise<void> => {
  const made = await innkeeper.client.workload(copy);
  expect(made).toMatchObject({ state: 'stopped', drift: [] });
  const [theirs, ours] = [await held(id), await held(made.id)];
  expect(ours).toEqual(theirs);
  expect(await host.files.list(`${paths.state}/disks/${made.id}`)).toEqual(['root.qcow2']);
  await remove(copy);
};

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(`${shelf}/password`, 'what nobody knows\n', 0o600);
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile: `${shelf}/password` });
  expect(await finished((await innkeeper.client.put(source, machineSpec)) as OperationView)).toMatchObject({
    state: 'done',
  });
  ({ id } = await innkeeper.client.workload(source));
  // Firmware and TPM have something to remember when it has run once.
  await unplug(innkeeper, source);
  await fill(id, 5);
  expect(await backUp()).toMatchObject({ state: 'done' });
  kept = (await innkeeper.client.backups())[0]?.name ?? '';
  alone = await everything();
});

afterEach(expectAlone);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  await remove(source);
  expect(await machinesLeft([id])).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('making a backup of a machine', () => {
  it('goes through the steps that are tested here', async () => {
    const end = await backUp();
    expect(end).toMatchObject({ state: 'done' });
    expect(end.steps.map(({ name }) => name)).toEqual(making);
    await expectBackup();
  });

  it.each(making.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s, and nothing is left of it',
    async (where) => {
      failOnce(innkeeper, where, broken);
      expect(await backUp()).toMatchObject(failure);
    },
  );

  it.each(making)('comes to the same result when %s is run twice', async (step) => {
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await backUp()).toMatchObject({ state: 'done' });
    await expectBackup();
  });

  it.each(making)('is unwound as well when the undo of %s is run twice', async (step) => {
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await backUp()).toMatchObject(failure);
    expect(wasCut()).toBe(true);
  });
});

describe('making a machine of a backup', () => {
  it('goes through the steps that are tested here', async () => {
    const end = await bring();
    expect(end).toMatchObject({ state: 'done' });
    expect(end.steps.map(({ name }) => name)).toEqual(bringing);
    await expectCopy();
  });

  it.each(bringing.flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s, and nothing is left of it',
    async (where) => {
      failOnce(innkeeper, where, broken);
      expect(await bring()).toMatchObject(failure);
      await expect(innkeeper.client.workload(copy)).rejects.toMatchObject({ code: 'not_found' });
    },
  );

  it.each(bringing)('comes to the same result when %s is run twice', async (step) => {
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await bring()).toMatchObject({ state: 'done' });
    await expectCopy();
  });

  it.each(bringing)('is unwound as well when the undo of %s is run twice', async (step) => {
    const wasCut = cutUndo(innkeeper, 'observe', step);
    expect(await bring()).toMatchObject(failure);
    expect(wasCut()).toBe(true);
  });

  it('is begun anew when it was cut in the middle', async () => {
    let cut = false;
    innkeeper.fault = async (point) => {
      if (point !== 'before fetch' || cut) return;
      cut = true;
      // As it is in the middle: half of it there.
      const { id: half } = await innkeeper.client.workload(copy);
      const { disk, volume, nvram, tpm } = disksOf(half);
      const script = `mkdir -p "$(dirname "$1")/received/volumes" "$(dirname "$2")" "$4.new"
        for file in "$(dirname "$1")/received/disk.qcow2" "$2" "$2.new" "$3.new" "$4.new/half"; do echo half > "$file"; done`;
      await host.run(['sh', '-ec', script, 'sh', disk, volume, nvram, tpm]);
      throw killed();
    };
    expect(await bring()).toMatchObject({ state: 'done' });
    expect(cut).toBe(true);
    await expectCopy();
  });
});
