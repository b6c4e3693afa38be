import type { OperationView } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import {
  broken,
  cutUndo,
  failOnce,
  host,
  type Installation,
  install,
  killed,
  leftOnHost,
  paths,
} from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-baksteps';
  process.env.INNKEEPER_TEST_GUESTS = 'test-bsteps';
});

const shelf = '/tmp/innkeeper-test-baksteps-shelf';
const repository = `${shelf}/repository`;
const source = 'test-bsteps-source';
const copy = 'test-bsteps-copy';
const making = ['record', 'copy', 'send', 'complete', 'clear', 'observe'] as const;
const bringing = ['place', 'look', 'fetch', 'define', 'start', 'observe', 'addresses'] as const;
const looking = ['check', 'record', 'stop', 'undefine', 'addresses', 'root', 'forget'] as const;
const failure = { state: 'failed', error: { detail: 'made to fail by a test' } };

let innkeeper: Installation;
/** A backup that is there all the time. */
let kept: string;
/** What the host has, and has promised, of the source alone, and what is known. */
let alone: unknown;

const finished = (operation: OperationView): Promise<OperationView> => innkeeper.finished(operation);
const backUp = async (): Promise<OperationView> => finished(await innkeeper.client.makeBackup(source, {}));
const bring = async (): Promise<OperationView> => finished(await innkeeper.client.restoreBackup(kept, { as: copy }));
const verify = async (): Promise<OperationView> => finished(await innkeeper.client.verifyBackup(kept));
const remove = async (of: string): Promise<void> =>
  expect(await finished(await innkeeper.client.remove(of))).toMatchObject({ state: 'done' });

const sent = async (): Promise<number> => {
  const { stdout } = await host.run(
    ['restic', '--no-cache', '--no-lock', '-r', repository, 'snapshots', '--json', '--tag', 'innkeeper'],
    { env: { RESTIC_PASSWORD_FILE: `${shelf}/password` } },
  );
  return (JSON.parse(stdout) as unknown[]).length;
};

const everything = async (): Promise<unknown> => {
  const [first] = await innkeeper.client.hosts();
  return {
    workloads: (await innkeeper.client.workloads()).filter(({ managed }) => managed).map(({ name }) => name),
    left: (await leftOnHost()).filter((line) => !line.includes('/var/lib/innkeeper/roots/')),
    volumes: await host.files.list(`${paths.state}/volumes`),
    trees: await host.files.list(`${paths.state}/images/stored/trees`),
    claimed: first?.capacity?.claimed,
    leases: (await innkeeper.client.leases('default')).filter(({ workload }) => workload.startsWith('test-bsteps'))
      .length,
    backups: (await innkeeper.client.backups()).map(({ name, state }) => ({ name, state })),
    sent: await sent(),
  };
};

/** The source runs on as it was, and nothing else of what failed is anywhere. */
const expectAlone = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  const { id, state, drift } = await innkeeper.client.workload(source);
  expect({ state, drift }).toEqual({ state: 'running', drift: [] });
  expect(await everything()).toEqual(alone);
  expect((await host.files.list(`${paths.state}/roots/${id}`)).sort()).toEqual([
    'lower',
    'root',
    'root.json',
    'upper',
    'work',
  ]);
  expect(await inside(source, 'cat /root/note; cat /mnt/data/note')).toBe('held\nheld\n');
};

const expectBackup = async (): Promise<void> => {
  const newest = (await innkeeper.client.backups()).at(-1)?.name ?? '';
  expect(newest).not.toBe(kept);
  expect((await innkeeper.client.backup(newest)).state).toBe('ready');
  await innkeeper.client.removeBackup(newest);
};

const expectCopy = async (): Promise<void> => {
  expect(await innkeeper.client.workload(copy)).toMatchObject({ state: 'running', drift: [] });
  expect(await inside(copy, 'hostname; cat /root/note; cat /mnt/data/note')).toBe(`${copy}\nheld\nheld\n`);
  await remove(copy);
};

beforeAll(async () => {
  await host.files.remove(shelf);
  await host.files.makeDirectory(shelf, 0o700);
  await host.files.write(`${shelf}/password`, 'what nobody knows\n', 0o600);
  innkeeper = await install();
  await innkeeper.client.addBackupTarget({ name: 'shelf', repository, passwordFile: `${shelf}/password` });
  const spec = { image: 'debian/12', memory: '256MiB', volumes: [{ name: 'data', size: '1GiB' }] };
  expect(await finished((await innkeeper.client.put(source, spec)) as OperationView)).toMatchObject({ state: 'done' });
  await booted(source);
  await inside(source, 'echo held > /root/note; echo held > /mnt/data/note');
  expect(await backUp()).toMatchObject({ state: 'done' });
  kept = (await innkeeper.client.backups())[0]?.name ?? '';
  alone = await everything();
});

afterEach(expectAlone);

afterAll(async () => {
  innkeeper.fault = () => undefined;
  await remove(source);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(shelf);
});

describe('making a backup', () => {
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

describe('making a workload of a backup', () => {
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
    const wasCut = cutUndo(innkeeper, 'addresses', step);
    expect(await bring()).toMatchObject(failure);
    expect(wasCut()).toBe(true);
  });

  it('is begun anew when it was cut in the middle', async () => {
    let cut = false;
    innkeeper.fault = async (point) => {
      if (point !== 'before fetch' || cut) return;
      cut = true;
      // As it is in the middle: half of it there.
      const half = `${paths.state}/roots/${(await innkeeper.client.workload(copy)).id}`;
      for (const folder of ['', '/upper.new', '/received', '/received/upper'])
        await host.files.makeDirectory(`${half}${folder}`, 0o755);
      await host.files.write(`${half}/upper.new/half`, 'half');
      throw killed();
    };
    expect(await bring()).toMatchObject({ state: 'done' });
    expect(cut).toBe(true);
    expect(await inside(copy, 'ls /')).not.toContain('half');
    await expectCopy();
  });
});

describe('looking whether a backup would come back', () => {
  it('goes through the steps that are tested here', async () => {
    const end = await verify();
    expect(end).toMatchObject({ state: 'done' });
    expect(end.steps.map(({ name }) => name)).toEqual([...bringing, ...looking]);
  });

  it.each(looking.slice(0, 2).flatMap((step) => [`before ${step}`, `after ${step}`]))(
    'is unwound when it fails %s, and says that it was not verified',
    async (where) => {
      failOnce(innkeeper, where, broken);
      expect(await verify()).toMatchObject(failure);
      expect((await innkeeper.client.backup(kept)).verified).toMatchObject({ ok: false, text: failure.error.detail });
    },
  );

  it.each(['check', 'stop', 'undefine', 'root', 'forget'] as const)(
    'comes to the same result when %s is run twice',
    async (step) => {
      failOnce(innkeeper, `after ${step}`, killed);
      expect(await verify()).toMatchObject({ state: 'done' });
      expect((await innkeeper.client.backup(kept)).verified).toMatchObject({ ok: true });
    },
  );
});
