import { exec } from '@innkeeper/client';
import type { EventView, WorkloadSpec, WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';
import {
  busyboxRoot,
  classicContainer,
  define,
  edit,
  rawContainer,
  rawMachine,
  removeClassic,
  removeRaw,
  shown,
  shownAs,
  virsh,
} from './raw-guests.ts';

const ours = 'test-op-edited';
const box = 'test-raw-beside';
const machine = 'test-raw-machine';
const classic = 'test-raw-classic';
const root = '/tmp/innkeeper-test-raw-beside';
const spec: WorkloadSpec = { image: 'debian/12', backend: 'lxc', cpus: 1, memory: '256MiB' };

let innkeeper: Installation;

const seen = (name: string, fits: (view: WorkloadView) => boolean): Promise<WorkloadView> =>
  shownAs(innkeeper, name, fits);
const drifting = async (name: string, line: string): Promise<WorkloadView> =>
  seen(name, ({ drift }) => drift.includes(line));
const calm = (name: string): Promise<WorkloadView> =>
  seen(name, ({ drift, state }) => drift.length === 0 && state === 'running');
const gone = (name: string): Promise<unknown> => shown(innkeeper, name, (view) => view === undefined);
/** The first event of a kind about a guest after one that was seen before. */
const told = async (name: string, kind: string, after = '0'): Promise<EventView> => {
  for await (const event of innkeeper.client.events(AbortSignal.timeout(60_000), after))
    if (event.kind === kind && event.subject.name === name) return event;
  throw new Error(`${kind} was not told of ${name}`);
};

/** Its systemd may be too young to be asked; the stream ends with the guest. */
const rebootInside = async (name: string): Promise<void> => {
  const outputs = { stdout: () => undefined, stderr: () => undefined };
  const command = ['sh', '-c', 'until systemctl reboot; do sleep 0.2; done'];
  const stream = await exec({ socket: paths.socket }, name, { command }, outputs);
  await stream.exit;
};

const removeAll = async (): Promise<void> => {
  await removeRaw('lxc', box);
  await removeRaw('qemu', machine);
  await removeClassic(classic);
  await host.files.remove(root);
};

beforeAll(async () => {
  await removeAll();
  await busyboxRoot(root);
  innkeeper = await install();
  expect((await innkeeper.finished(await innkeeper.client.put(ours, spec))).error).toBeUndefined();
  await calm(ours);
});

afterAll(async () => {
  await innkeeper?.finished(await innkeeper.client.remove(ours));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper?.stop();
  await removeAll();
});

describe('what others do to a guest of ours', () => {
  it('virsh setmem --config, of which libvirt tells nobody', async () => {
    await virsh('lxc', 'setmem', ours, '128MiB', '--config');
    await drifting(ours, 'memory: 256MiB was asked, the guest has 128MiB from its next start on');
    await virsh('lxc', 'setmem', ours, '256MiB', '--config');
    await calm(ours);
  });

  it('virsh edit: processors and memory, which act from the next start on, and are no drift when put back', async () => {
    await edit('lxc', ours, (xml) =>
      xml.replace(/<quota>\d+</, '<quota>400000<').replace(/<vcpu([^>]*)>1</, '<vcpu$1>4<'),
    );
    await drifting(ours, 'cpus: 1 was asked, the guest has 4 from its next start on');
    await edit('lxc', ours, (xml) =>
      xml.replace(/<quota>\d+</, '<quota>100000<').replace(/<vcpu([^>]*)>4</, '<vcpu$1>1<'),
    );
    await calm(ours);
    await edit('lxc', ours, (xml) => xml.replaceAll("'KiB'>262144<", "'KiB'>131072<"));
    const { drift } = await drifting(ours, 'memory: 256MiB was asked, the guest has 128MiB from its next start on');
    expect(drift).toHaveLength(1);
  });

  it('virsh destroy and start: the power, then what the definition said', async () => {
    await virsh('lxc', 'destroy', ours);
    const { drift, state } = await drifting(ours, 'power: running was asked, the guest is stopped');
    expect(state).toBe('stopped');
    expect(drift).toContain('memory: 256MiB was asked, the guest has 128MiB');
    await virsh('lxc', 'start', ours);
    await seen(ours, (view) => view.state === 'running');
    expect((await drifting(ours, 'memory: 256MiB was asked, the guest has 128MiB')).drift).toHaveLength(1);
    await edit('lxc', ours, (xml) => xml.replaceAll("'KiB'>131072<", "'KiB'>262144<"));
    await seen(ours, (view) => view.drift.includes('memory: acts from its next start on'));
    await virsh('lxc', 'destroy', ours);
    await seen(ours, (view) => view.state === 'stopped');
    await virsh('lxc', 'start', ours);
    await calm(ours);
  });

  it('virsh autostart: which libvirt tells nobody', async () => {
    await virsh('lxc', 'autostart', ours);
    expect((await seen(ours, ({ autostart }) => autostart === true)).drift).toEqual([]);
    await virsh('lxc', 'autostart', '--disable', ours);
    await seen(ours, ({ autostart }) => autostart === false);
  });

  it('a reboot from inside: it is told, and the guest runs anew', async () => {
    const before = await seen(ours, ({ startedAt }) => startedAt !== undefined);
    await rebootInside(ours);
    await seen(ours, ({ startedAt, state }) => state === 'running' && startedAt !== before.startedAt);
    expect((await told(ours, 'guest.rebooted')).text).toContain(ours);
  });

  it('nothing of that is fought over: no operation was begun but the one that made it', async () => {
    const begun = (await innkeeper.client.operations(200)).filter(({ workload }) => workload.name === ours);
    expect(begun.map(({ kind, who }) => `${kind} ${who}`)).toHaveLength(1);
  });

  it('virsh undefine: it is missing', async () => {
    const definition = await virsh('lxc', 'dumpxml', '--inactive', ours);
    await virsh('lxc', 'destroy', ours);
    await virsh('lxc', 'undefine', ours);
    await seen(ours, ({ state }) => state === 'missing');
    expect((await told(ours, 'guest.gone')).text).toContain(ours);
    await define('lxc', definition);
    await seen(ours, ({ state }) => state === 'stopped');
    await virsh('lxc', 'start', ours);
    await calm(ours);
  });
});

describe.each([
  ['a container', box, 'lxc', () => rawContainer(box, root, '52:54:00:7e:57:02')],
  ['a machine', machine, 'qemu', () => rawMachine(machine)],
] as const)('what others do to %s that is foreign', (_what, name, backend, xml) => {
  it('virsh define, edit, autostart, start, destroy and undefine are seen', async () => {
    await define(backend, xml());
    const first = await seen(name, ({ state }) => state === 'stopped');
    expect(first).toMatchObject({ managed: false, autostart: false });
    await edit(backend, name, (text) => text.replace(/<vcpu([^>]*)>\d+</, '<vcpu$1>3<'));
    await seen(name, ({ cpus }) => cpus === 3);
    await virsh(backend, 'autostart', name);
    await seen(name, ({ autostart }) => autostart === true);
    await virsh(backend, 'start', name);
    await seen(name, ({ state }) => state === 'running');
    await virsh(backend, 'destroy', name);
    await seen(name, ({ state }) => state === 'stopped');
    await virsh(backend, 'undefine', name);
    await gone(name);
    expect((await told(name, 'guest.changed')).text).toBe(`${name} has another cpus than before`);
  });
});

it('a foreign container that reboots from inside is shown as started anew', async () => {
  await define('lxc', rawContainer(box, root, '52:54:00:7e:57:02'));
  await virsh('lxc', 'start', box);
  const before = await seen(box, ({ state, startedAt }) => state === 'running' && startedAt !== undefined);
  await host.files.write(`${root}/reboot`, '');
  await seen(box, ({ startedAt }) => startedAt !== undefined && startedAt !== before.startedAt);
});

it("a classic container's making, start, change, end and removal are seen", async () => {
  await classicContainer(classic);
  await seen(classic, ({ state }) => state === 'stopped');
  await host.run(['lxc-start', `--name=${classic}`]);
  await seen(classic, ({ state }) => state === 'running');
  const config = `/var/lib/lxc/${classic}/config`;
  await host.files.write(config, (await host.files.readText(config)).replace('96M', '80M'), 0o640);
  await seen(classic, ({ memoryBytes }) => memoryBytes === 80 * 2 ** 20);
  await host.run(['lxc-stop', `--name=${classic}`, '--kill']);
  await seen(classic, ({ state }) => state === 'stopped');
  await removeClassic(classic);
  await gone(classic);
});
