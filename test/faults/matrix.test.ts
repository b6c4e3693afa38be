import { ensureDatabase, ensureLibvirt, stopDatabase } from '@innkeeper/infra';
import { connect } from '@innkeeper/libvirt';
import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { host, leftOnHost, paths, prefix, removeLeft } from '../integration/installation.ts';
import { type SecondHost, secondHostSettings, startSecondHost } from '../integration/second-host.ts';
import { type Ground, type Outcome, runCell } from './cell.ts';
import { faults } from './faults.ts';
import { type Planes, startPlanes } from './planes.ts';
import { writeRecord } from './record.ts';
import { chosen } from './selection.ts';
import { works } from './work.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-faults';
});

const network = 'test-far';

let planes: Planes;
let second: SecondHost;
let ground: Ground;
const outcomes: { readonly fault: string; readonly work: string; readonly outcome: Outcome }[] = [];

beforeAll(async () => {
  // Of a run that was ended in the middle.
  await host.run(['umount', '-l', `${paths.state}/roots`], { expect: [0, 32] });
  await removeLeft();
  await removeNetwork();
  const { url } = await ensureDatabase(host, paths);
  // A file system of its own, which can be full without anything else being.
  await host.files.makeDirectory(`${paths.state}/roots`, 0o711);
  await host.run(['mount', '-t', 'tmpfs', '-o', 'size=96m,mode=711', 'tmpfs', `${paths.state}/roots`]);
  planes = await startPlanes(3, { DATABASE_URL: url, ...secondHostSettings });
  second = await startSecondHost(prefix);
  await planes.ask((client) => client.addHost({ address: second.address, name: 'h2' }));
  await planes.ask((client) => client.putNetwork(network, { subnet: '10.219.79.0/24' }));
  ground = { planes, databaseUrl: url, second };
}, 300_000);

afterAll(async () => {
  if (outcomes.length > 0) await writeRecord(outcomes);
  await planes?.ask((client) => client.removeNetwork(network)).catch(() => undefined);
  await planes?.stop();
  await second?.remove();
  await ensureLibvirt(host);
  await stopDatabase(host, paths);
  await host.run(['umount', '-l', `${paths.state}/roots`], { expect: [0, 32] });
  expect(await leftOnHost()).toEqual([]);
  await host.files.remove(prefix);
}, 120_000);

const cells = faults.flatMap((fault) =>
  works.map((work) => ({ fault, work, title: `${fault.name} during ${work.name}` })),
);

describe('three control planes on one database', () => {
  for (const { fault, work, title } of cells.filter(chosen))
    it(title, async () => {
      const spec: WorkloadSpec = {
        image: 'debian/12',
        backend: 'lxc',
        memory: '256MiB',
        networks: [{ network }],
        placement: { host: fault.far === true ? 'h2' : await localHostName() },
      };
      const outcome = await runCell(ground, fault, work, spec);
      outcomes.push({ fault: fault.name, work: work.name, outcome });
      expect(outcome.problem).toBeUndefined();
      expect(outcome).toMatchObject({ converged: true, leaks: [], doubleStarts: 0, lostAcknowledgements: 0 });
    }, 600_000);
});

/** Of a run that was ended in the middle. */
const removeNetwork = async (): Promise<void> => {
  const libvirt = connect(host, 'lxc:///system');
  const left = (await libvirt.networks()).find(({ name }) => name === network);
  if (left?.active === true) await libvirt.networkDestroy(network);
  if (left !== undefined) await libvirt.networkUndefine(network);
};

const localHostName = async (): Promise<string> =>
  (await planes.ask((client) => client.hosts())).find(({ address }) => address === 'local')?.name ?? '';
