import { InnkeeperError, type OperationView, type Rule, type WorkloadSpec, type WorkloadView } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install, leftOnHost } from './installation.ts';

const MiB = 2 ** 20;
const small: WorkloadSpec = { image: 'debian/12', backend: 'lxc' };

let innkeeper: Installation;
let host: string;

const put = (name: string, spec: WorkloadSpec) => innkeeper.client.put(name, spec);
const view = (name: string): Promise<WorkloadView> => innkeeper.client.workload(name);
/** The answer of the first look at which a workload is in that state; the state is waited for, never slept for. */
const untilState = async (name: string, state: WorkloadView['state']): Promise<WorkloadView> => {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const now = await view(name);
    if (now.state === state) return now;
    if (Date.now() > deadline) throw new Error(`${name} is ${now.state}, not ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const remove = async (name: string): Promise<string> =>
  (await innkeeper.finished(await innkeeper.client.remove(name))).state;
/** Reserves memory of the host so that this much can still be promised. */
const leaveRoom = async (bytes: number): Promise<void> => {
  const { capacity } = (await innkeeper.client.hosts())[0] ?? {};
  if (capacity === undefined) throw new Error('no host');
  const { memoryBytes, foreign, claimed } = capacity;
  const reserved = memoryBytes - foreign.memoryBytes - claimed.memoryBytes - bytes;
  await innkeeper.client.changeHost(host, { memoryRatio: 1, reservedMemory: `${reserved}B` });
};
const refusal = async (work: Promise<unknown>): Promise<InnkeeperError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};
const rule = (parts: Partial<Rule>): Rule => ({
  id: 'test-rule',
  when: 'true',
  then: 'forbid',
  message: 'not here, says the test',
  ...parts,
});

beforeAll(async () => {
  innkeeper = await install();
  host = (await innkeeper.client.hosts())[0]?.name ?? '';
});

afterEach(async () => {
  await innkeeper.client.changeHost(host, {
    draining: false,
    memoryRatio: 1.5,
    reservedMemory: '0B',
    labels: { zone: null },
  });
  for (const { rule: one } of await innkeeper.client.rules())
    if (one.id.startsWith('test-')) await innkeeper.client.removeRule(one.id);
  const names = (await innkeeper.client.workloads()).filter(({ managed }) => managed).map(({ name }) => name);
  for (const name of names) await remove(name);
  expect(await leftOnHost()).toEqual([]);
});

afterAll(() => innkeeper.stop());

describe('a workload that fits nowhere now', () => {
  it('waits while its host is being emptied, and is placed when it no longer is', async () => {
    await innkeeper.client.changeHost(host, { draining: true });
    const operation = await put('test-op-late', small);
    const waiting = await untilState('test-op-late', 'waiting');
    expect(waiting.operation?.progress).toContain('were not being emptied');
    await innkeeper.client.changeHost(host, { draining: false });
    expect((await innkeeper.finished(operation)).state).toBe('done');
    expect((await view('test-op-late')).state).toBe('running');
  });

  it('waits for memory, blocks nobody, and gets what another gives back', async () => {
    await leaveRoom(800 * MiB);
    await innkeeper.finished(await put('test-op-first', small));
    const second = await put('test-op-second', small);
    expect((await untilState('test-op-second', 'waiting')).operation?.progress).toMatch(/512MiB of memory were free/);
    expect((await innkeeper.finished(await put('test-op-third', { ...small, memory: '128MiB' }))).state).toBe('done');
    await remove('test-op-first');
    expect((await innkeeper.finished(second)).state).toBe('done');
  });

  it('waits for what it depends on', async () => {
    const web = await put('test-op-web', { ...small, dependsOn: ['test-op-db'] });
    expect((await untilState('test-op-web', 'waiting')).operation?.progress).toContain('test-op-db');
    await innkeeper.finished(await put('test-op-db', small));
    expect((await innkeeper.finished(web)).state).toBe('done');
  });

  it('can be removed while it waits, and can be changed to something that fits', async () => {
    await innkeeper.client.changeHost(host, { labels: { zone: 'attic' } });
    const away: WorkloadSpec = { ...small, labels: { app: 'shop' } };
    await innkeeper.finished(await put('test-op-one', away));
    const apart: WorkloadSpec = { ...away, placement: { away: [{ labels: { app: 'shop' }, hard: true }] } };
    await put('test-op-two', apart);
    await untilState('test-op-two', 'waiting');
    await put('test-op-two', away);
    await untilState('test-op-two', 'running');
    await put('test-op-three', apart);
    await untilState('test-op-three', 'waiting');
    expect(await remove('test-op-three')).toBe('done');
    expect((await refusal(view('test-op-three'))).code).toBe('not_found');
  });

  it('is removed also by what comes while it is looked whether there is room', async () => {
    const away: WorkloadSpec = { ...small, labels: { app: 'shop' } };
    await innkeeper.finished(await put('test-op-one', away));
    let removal: Promise<OperationView> | undefined;
    innkeeper.fault = async (point) => {
      if (point !== 'before place' || removal !== undefined) return;
      removal = innkeeper.client.remove('test-op-three');
      await removal;
    };
    const apart: WorkloadSpec = { ...away, placement: { away: [{ labels: { app: 'shop' }, hard: true }] } };
    const made = await put('test-op-three', apart);
    expect((await innkeeper.finished(made)).state).toBe('cancelled');
    innkeeper.fault = () => undefined;
    expect((await innkeeper.finished(await removal)).state).toBe('done');
  });

  it('is refused at once when no time could help', async () => {
    const error = await refusal(put('test-op-never', { ...small, mounts: [{ from: '/srv', to: '/srv' }] }));
    expect(error.code).toBe('unplaceable');
    expect(error.message).toContain('mounts are directories of the host');
    expect((await refusal(put('test-op-never', { ...small, placement: { host: 'nowhere' } }))).message).toContain(
      'the manifest asks for the host nowhere',
    );
    expect((await refusal(view('test-op-never'))).code).toBe('not_found');
  });
});

describe('a rule', () => {
  it('decides from the moment it is saved, and is one version after the other', async () => {
    const saved = await innkeeper.client.putRule(
      rule({ when: 'w.labels[?"zone"].orValue("") == "dmz"', backend: 'lxc' }),
    );
    expect(saved).toMatchObject({ version: expect.any(Number), author: 'socket', shipped: false });
    const error = await refusal(put('test-op-dmz', { ...small, labels: { zone: 'dmz' } }));
    expect(error.message).toContain('not here, says the test');
    expect((await innkeeper.finished(await put('test-op-other', small))).state).toBe('done');
    expect(await innkeeper.client.putRule(saved?.rule as Rule)).toBeUndefined();
    await innkeeper.client.putRule(rule({ when: 'false' }));
    const versions = await innkeeper.client.ruleVersions('test-rule');
    expect(versions[0]?.version).toBe((versions[1]?.version ?? 0) + 1);
    expect(versions[0]?.rule?.when).toBe('false');
  });

  it('that cannot be evaluated refuses, and says what went wrong', async () => {
    await innkeeper.client.putRule(rule({ when: 'w.labels.zone == "dmz"', backend: 'lxc' }));
    const error = await refusal(put('test-op-broken', small));
    expect(error.message).toContain(
      'the rule test-rule cannot be evaluated, so it counts as violated: No such key: zone',
    );
  });

  it('lets those go on that waited because of it', async () => {
    await innkeeper.client.changeHost(host, { draining: true });
    const operation = await put('test-op-waits', small);
    await untilState('test-op-waits', 'waiting');
    await innkeeper.client.putRule(rule({ when: 'w.name == "test-op-waits"' }));
    await innkeeper.client.changeHost(host, { draining: false });
    expect((await innkeeper.finished(operation)).error?.detail).toContain('not here, says the test');
    await innkeeper.client.removeRule('test-rule');
    await innkeeper.finished(await put('test-op-waits', small));
    expect((await view('test-op-waits')).state).toBe('running');
  });

  it.each<[string, Partial<Rule> & Record<string, unknown>, string]>([
    ['that is no CEL', { when: 'w.name ==' }, 'rules.test-rule.when'],
    ['that names what is not there', { when: 'w.foo == 1' }, 'No such key: foo'],
    ['that compares what cannot be', { when: 'w.cpus == "2"' }, 'no such overload'],
    ['that is no condition', { when: 'w.cpus' }, 'where true or false is needed'],
    ['that could backtrack for seconds', { when: 'w.name.matches("(a+)+$")' }, 'matches() is not available'],
    [
      'that could loop for seconds',
      { when: 'w.devices.all(a, w.devices.all(b, w.devices.all(c, a == b && b == c)))' },
      'may not stand inside another one',
    ],
    ['without a weight', { then: 'prefer' }, 'prefer needs a weight'],
    ['with a weight that means nothing', { weight: 5 }, 'forbid has no weight'],
    ['with an unknown key', { mesage: 'x' }, 'did you mean "message"?'],
    ['that is longer than anybody reads', { when: `w.name == "${'x'.repeat(1000)}"` }, 'when'],
  ])('%s is refused with what is wrong', async (_what, parts, message) => {
    const error = await refusal(innkeeper.client.putRule(rule(parts)));
    expect(error.code).toBe('invalid');
    expect([error.message, error.hint].join(' ')).toContain(message);
    expect((await innkeeper.client.rules()).map(({ rule: { id } }) => id)).not.toContain('test-rule');
  });

  it('is tried on what there is without being saved', async () => {
    await innkeeper.finished(await put('test-op-tried', small));
    const tested = await innkeeper.client.testRule(rule({ when: 'w.name == "test-op-tried"', backend: 'lxc' }));
    expect(tested.valid).toBe(true);
    expect(tested.lines).toContainEqual({
      workload: 'test-op-tried',
      candidate: `${host}/lxc`,
      holds: true,
      text: 'not here, says the test',
    });
    expect((await innkeeper.client.testRule(rule({ when: 'w.foo' }))).problem).toContain('No such key: foo');
  });
});

describe('a decision', () => {
  it('is kept, shown, and the same when it is made again; other rules may decide otherwise', async () => {
    await innkeeper.finished(await put('test-op-kept', { image: 'debian/12' }));
    const [saved] = await innkeeper.client.placements({ workload: 'test-op-kept' });
    if (saved === undefined) throw new Error('nothing was kept');
    expect(saved).toMatchObject({ workload: 'test-op-kept', winner: { host, driver: 'lxc' } });
    const { record } = await innkeeper.client.placement(saved.id);
    expect(await innkeeper.client.explain('test-op-kept')).toEqual(record);
    const again = await innkeeper.client.replay(saved.id, 'recorded');
    expect(again).toMatchObject({ same: true, differences: [] });
    expect(again.record).toEqual(record);
    await innkeeper.client.putRule(rule({ when: 'w.name == "test-op-kept"', backend: 'lxc' }));
    const today = await innkeeper.client.replay(saved.id, 'current');
    expect(today.same).toBe(false);
    expect(today.differences).toContain(`place: ${host}/lxc → ${host}/kvm`);
    expect((await innkeeper.client.replay(saved.id, 'recorded')).same).toBe(true);
  });

  it('says why not there', async () => {
    await innkeeper.finished(await put('test-op-why', { image: 'debian/12' }));
    const { answers } = await innkeeper.client.whyNot('test-op-why', host);
    expect(answers.find(({ driver }) => driver === 'kvm')?.text).toMatch(/^it fits, but .*\+50 since a Linux service/);
    expect((await refusal(innkeeper.client.whyNot('test-op-why', 'h9'))).message).toContain('was no candidate');
  });

  it('counts those before it in the same manifest', async () => {
    await leaveRoom(800 * MiB);
    const { workloads } = await innkeeper.client.plan({ workloads: { 'test-op-a': small, 'test-op-b': small } });
    expect(workloads.map(({ action }) => action)).toEqual(['create', 'wait']);
    const more = { name: 'test-more', cpus: 4, memory: '8GiB', disk: '100GiB' };
    const imagined = await innkeeper.client.plan(
      { workloads: { 'test-op-a': small, 'test-op-b': small } },
      { withHosts: [more] },
    );
    expect(imagined.workloads.map(({ action }) => action)).toEqual(['create', 'create']);
    const gone = await innkeeper.client.plan({ workloads: { 'test-op-a': small } }, { withoutHosts: [host] });
    expect(gone.workloads[0]?.problem?.detail).toContain('no host with a driver is known');
    const { count, stop } = await innkeeper.client.capacity(small);
    expect(count).toBe(1);
    expect(stop).toContain('memory');
  });

  it('is not asked for what depends on itself', async () => {
    const circle = {
      'test-op-a': { ...small, dependsOn: ['test-op-b'] },
      'test-op-b': { ...small, dependsOn: ['test-op-a'] },
    };
    expect((await refusal(innkeeper.client.plan({ workloads: circle }))).message).toContain('depends on itself');
  });
});

it('a protected workload is not removed until it no longer is', async () => {
  await innkeeper.finished(await put('test-op-safe', { ...small, protect: true }));
  expect((await refusal(innkeeper.client.remove('test-op-safe'))).message).toBe('test-op-safe is protected');
  await innkeeper.finished(await put('test-op-safe', small));
  expect(await remove('test-op-safe')).toBe('done');
});

it.each([
  [{ cpuRatio: 0 }, 'cpuRatio'],
  [{ memoryRatio: -1 }, 'memoryRatio'],
  [{ reservedMemory: '-1GiB' }, 'is not a size'],
  [{ labels: { a: 7 } }, 'labels'],
  [{ draning: true }, 'did you mean "draining"?'],
])('a host is not changed to %j', async (change, message) => {
  const error = await refusal(innkeeper.client.changeHost(host, change as never));
  expect(error.code).toBe('invalid');
  expect([error.message, error.hint].join(' ')).toContain(message);
});
