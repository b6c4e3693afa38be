import { connect } from '@innkeeper/libvirt';
import type { RecoveryView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

const lxc = connect(host, 'lxc:///system');
const [web, cold, other] = ['test-op-web', 'test-op-cold', 'test-op-other'] as const;
const network = 'test-op-net';

let innkeeper: Installation;

const finished = async (name: string, spec: Parameters<Installation['client']['put']>[1]): Promise<void> => {
  expect(await innkeeper.finished(await innkeeper.client.put(name, spec))).toMatchObject({ state: 'done' });
};

const finishedRemoval = async (name: string): Promise<void> => {
  await innkeeper.finished(await innkeeper.client.remove(name));
};

/** Everything that its host would show changed: the definition, metadata included, and since when it runs. */
const looks = async (name: string): Promise<string> => {
  const { uuid, state } = (await lxc.domains()).find((one) => one.name === name) ?? { uuid: '', state: 'gone' };
  // The partition comes and goes with libvirt's own reading of its files.
  const xml = (await lxc.xml([uuid], { inactive: true })).get(uuid)?.replace(/ *<resource>.*?<\/resource>\n/s, '');
  const facts = await host.files.facts(`/run/libvirt/lxc/${name}.pid`);
  return [state, xml, facts?.modifiedMs].join('\n');
};

/** The control plane ends, its database is gone for good, and it begins anew. */
const loseDatabase = (also: () => Promise<void> = async () => undefined): Promise<void> => innkeeper.loseDatabase(also);

const claimed = async () => (await innkeeper.client.hosts())[0]?.capacity.claimed;
const leases = async () => innkeeper.client.leases(network);
const installationOf = async (): Promise<string> => (await innkeeper.client.recover({})).installation;

/** Of a run that was ended in the middle. */
const removeNetwork = async (): Promise<void> => {
  const left = (await lxc.networks()).find(({ name }) => name === network);
  if (left?.active === true) await lxc.networkDestroy(network);
  if (left?.persistent === true) await lxc.networkUndefine(network);
};

beforeAll(async () => {
  await removeNetwork();
  innkeeper = await install();
  await innkeeper.client.putNetwork(network, {});
  await finished(web, {
    image: 'debian/12',
    memory: '256MiB',
    labels: { tier: 'front' },
    networks: [{ network, ports: ['18431:80'] }],
  });
  await finished(cold, { image: 'debian/12', memory: '128MiB', power: 'stopped' });
});

afterAll(async () => {
  for (const { name, managed } of await innkeeper.client.workloads()) if (managed) await finishedRemoval(name);
  await innkeeper.client.removeNetwork(network);
  await innkeeper.stop();
  expect(await leftOnHost()).toEqual([]);
});

describe('a database that is lost', () => {
  let before: { readonly views: unknown; readonly claims: unknown; readonly leases: unknown; readonly looks: string[] };
  let installation = '';

  const seen = async () => ({
    views: (await innkeeper.client.workloads())
      .filter(({ managed }) => managed)
      .map(({ id, name, state, host: on, driver, spec, addresses, labels }) => ({
        id,
        name,
        state,
        on,
        driver,
        spec,
        addresses,
        labels,
      })),
    claims: await claimed(),
    leases: await leases(),
    looks: [await looks(web), await looks(cold)],
  });

  beforeAll(async () => {
    before = await seen();
    installation = await installationOf();
  });

  const expectWhole = async (): Promise<void> => {
    await viewWhere(innkeeper, web, ({ state }) => state === 'running');
    expect(await seen()).toEqual(before);
    expect(await innkeeper.client.workload(web)).toMatchObject({ drift: [] });
  };

  it('is behind the hosts: guests are shown as what they are, and nothing is taken back before somebody has looked', async () => {
    await loseDatabase();
    const { managed, reason } = await viewWhere(innkeeper, web, () => true);
    expect({ managed, reason }).toEqual({
      managed: false,
      reason: 'is of this installation, and its inventory does not know it: inn recover',
    });
    expect((await innkeeper.client.doctor()).find(({ check }) => check === 'inventory')).toMatchObject({
      level: 'warning',
      fix: 'inn recover',
    });
    await expect(innkeeper.client.put(web, { image: 'debian/12' })).rejects.toThrow(/does not know it/);
  });

  it('is rebuilt as far as the hosts know: shown first, with what is lost', async () => {
    const plan = await innkeeper.client.recover({});
    expect(plan).toMatchObject({ installation, applied: false, behind: true, missing: [] });
    expect(plan.workloads.map(({ name, what, state }) => ({ name, what, state }))).toEqual([
      { name: web, what: 'taken back', state: 'running' },
      { name: cold, what: 'taken back', state: 'stopped' },
    ]);
    expect(plan.networks.map(({ name }) => name)).toEqual([network]);
    const lost = plan.unrecovered.filter(({ kind }) => kind === 'inventory').map(({ name }) => name);
    expect(lost).toEqual(['hosts', 'settings of hosts', 'tokens', 'rules', 'history', 'ages', 'power']);
    expect((await innkeeper.client.workloads()).filter(({ managed }) => managed)).toEqual([]);
  });

  it('is rebuilt from them: guests run on, and addresses, ids, ports and networks are held again', async () => {
    const done = await innkeeper.client.recover({ apply: true });
    expect(done.workloads).toHaveLength(2);
    await expectWhole();
    expect(await innkeeper.client.recover({})).toMatchObject({ behind: false, workloads: [], networks: [] });
    // Held again: somebody else has to wait for the port.
    await innkeeper.client.put(other, { image: 'debian/12', networks: [{ network, ports: ['18431:80'] }] });
    const { reason } = await viewWhere(innkeeper, other, ({ state }) => state === 'waiting');
    expect(reason).toMatch(/18431/);
    await finishedRemoval(other);
    // What was asked before is what there is.
    await innkeeper.client.putNetwork(network, {});
  });

  it('is refused for another installation while this one has something, and for one that nobody has', async () => {
    const nobodys = '11111111-2222-4333-8444-555555555555';
    await expect(innkeeper.client.recover({ installation: nobodys })).rejects.toThrow(/of its own/);
    await loseDatabase(() => host.files.remove(`${paths.state}/installation`));
    await expect(innkeeper.client.recover({ installation: nobodys })).rejects.toThrow(/No host has a guest of/);
  });

  it('is rebuilt when only the hosts remain, for the installation that is named and no other', async () => {
    const plan: RecoveryView = await innkeeper.client.recover({});
    expect(plan.workloads).toEqual([]);
    expect(plan.others).toMatchObject([
      { installation, guests: expect.arrayContaining([{ name: web, host: expect.any(String) }]) },
    ]);
    await innkeeper.client.recover({ apply: true });
    expect((await viewWhere(innkeeper, web, () => true)).managed).toBe(false);
    expect((await innkeeper.client.recover({ installation, apply: true })).workloads).toHaveLength(2);
    await expectWhole();
    expect(await host.files.readText(`${paths.state}/installation`)).toBe(`${installation}\n`);
  });

  it('takes one guest back by itself when the rest is known, and says so', async () => {
    const events: string[] = [];
    const stopping = new AbortController();
    const following = (async () => {
      for await (const { kind, subject } of innkeeper.client.events(stopping.signal))
        events.push(`${kind} ${subject.name}`);
    })().catch(() => undefined);
    await innkeeper.forget(web);
    await viewWhere(innkeeper, web, ({ managed, state }) => managed && state === 'running');
    await expectWhole();
    const deadline = Date.now() + 10_000;
    while (!events.includes(`workload.taken-back ${web}`) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events).toContain(`workload.taken-back ${web}`);
    stopping.abort();
    await following;
  });

  it('leaves a guest alone whose name another workload has, and says why', async () => {
    await innkeeper.forget(cold, { behind: true });
    await innkeeper.rename(web, cold);
    const { unrecovered } = await innkeeper.client.recover({ apply: true });
    expect(unrecovered.find(({ kind }) => kind === 'workload')).toMatchObject({
      name: cold,
      text: `Another workload is called ${cold} (inn rename ${cold} OTHER, then recover again)`,
    });
    await innkeeper.rename(cold, web);
    expect((await innkeeper.client.recover({ apply: true })).workloads.length).toBeLessThanOrEqual(1);
    await expectWhole();
  });
});
