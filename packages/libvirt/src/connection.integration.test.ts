import { randomUUID } from 'node:crypto';
import { messageChain } from '@innkeeper/model';
import { afterAll, describe, expect, it } from 'vitest';
import { connect } from './connection.ts';
import { virshKind } from './errors.ts';
import { collector, host, kvm, lifecycle, lxc, namespace, removed, stateOf } from './testing.ts';
import { buildXml, el } from './xml/build.ts';
import { canonicalXml } from './xml/canonical.ts';
import { describeDomain } from './xml/parse.ts';
import { updateDomain } from './xml/update.ts';

/** Two spaces, a quote and a command: a name as bad as libvirt takes. */
const oddName = `test-lv-odd "x"; destroy  'y' é`;

const vmXml = (uuid: string, name: string): string =>
  buildXml(
    el(
      'domain',
      { type: 'qemu' },
      el('name', {}, name),
      el('uuid', {}, uuid),
      el('memory', { unit: 'MiB' }, 64),
      el('vcpu', {}, 1),
      el('os', {}, el('type', { arch: 'x86_64', machine: 'q35' }, 'hvm')),
      el(
        'devices',
        {},
        el('graphics', { type: 'vnc' }, el('listen', { type: 'none' })),
        el('video', {}, el('model', { type: 'vga' })),
      ),
    ),
  );

describe('a virtual machine', () => {
  const uuid = randomUUID();
  afterAll(() => removed(kvm, uuid));

  it('is defined, changed, run, paused and removed, and each step is told', async () => {
    const events = collector(kvm);
    await events.until(({ kind }) => kind === 'gap');

    await kvm.define(vmXml(uuid, oddName));
    await kvm.define(vmXml(uuid, oddName));
    expect(await kvm.domains()).toContainEqual({
      uuid,
      name: oddName,
      state: 'stopped',
      persistent: true,
      autostart: false,
    });

    await kvm.setAutostart(uuid, true);
    await kvm.start(uuid, { paused: true });
    expect(await stateOf(kvm, uuid)).toBe('paused');
    await kvm.resume(uuid);
    await kvm.suspend(uuid);
    await kvm.resume(uuid);
    expect((await kvm.domains()).find((domain) => domain.uuid === uuid)).toMatchObject({
      state: 'running',
      autostart: true,
    });

    const [stats] = (await kvm.domstats()).filter((one) => one.uuid === uuid);
    expect(stats).toMatchObject({ name: oddName, vcpus: 1, balloon: { currentBytes: 64 * 2 ** 20 } });
    expect(stats?.cpuTimeNs).toBeGreaterThan(0);

    const screen = await kvm.screenshot(uuid);
    expect(['image/png', 'image/x-portable-pixmap']).toContain(screen.type);
    expect(screen.bytes.length).toBeGreaterThan(100);

    await kvm.destroy(uuid);
    await kvm.undefine(uuid, { nvram: true, tpm: true });
    expect(await stateOf(kvm, uuid)).toBeUndefined();

    await events.until(lifecycle(oddName, /^Undefined/));
    await events.end();
    const told = events.seen.filter((event) => event.kind === 'lifecycle' && event.domain === oddName);
    expect(told.map((event) => ('detail' in event ? event.detail.split(' ')[0] : ''))).toEqual(
      expect.arrayContaining(['Defined', 'Started', 'Resumed', 'Suspended', 'Stopped', 'Undefined']),
    );
  });

  it('carries metadata of its own in each definition, and keeps the rest', async () => {
    await kvm.define(vmXml(uuid, 'test-lv-vm'));
    await kvm.start(uuid);
    const before = (await kvm.xml([uuid], { inactive: true })).get(uuid) ?? '';
    const text = `{"a":"<&>'\\"; destroy x"}\n$(id)`;
    await kvm.setMetadata(
      uuid,
      { uri: namespace, key: 'ik', xml: buildXml(el('spec', { generation: 3 }, text)) },
      'config',
    );
    const read = async (inactive: boolean) =>
      describeDomain((await kvm.xml([uuid], { inactive })).get(uuid) ?? '').metadata.get(namespace);
    expect(await read(false)).toBeUndefined();
    await kvm.setMetadata(uuid, { uri: namespace, key: 'ik', xml: buildXml(el('spec', {}, 'live')) }, 'live');
    expect(await read(false)).toContain('>live</ik:spec>');
    expect(await read(true)).toContain('$(id)');

    const after = (await kvm.xml([uuid], { inactive: true })).get(uuid) ?? '';
    const without = updateDomain(after, [{ path: ['metadata', { namespace }], element: undefined }]);
    expect(canonicalXml(without)).toBe(canonicalXml(before));

    await kvm.removeMetadata(uuid, namespace, 'config');
    await kvm.removeMetadata(uuid, namespace, 'config');
    expect(canonicalXml((await kvm.xml([uuid], { inactive: true })).get(uuid) ?? '')).toBe(canonicalXml(before));

    const edited = updateDomain(before, [{ path: ['on_reboot'], element: el('on_reboot', {}, 'destroy') }]);
    await kvm.define(edited);
    expect(canonicalXml((await kvm.xml([uuid], { inactive: true })).get(uuid) ?? '')).toBe(canonicalXml(edited));
    await removed(kvm, uuid);
  });

  it('carries 100 KiB of metadata and no more', async () => {
    await kvm.define(vmXml(uuid, 'test-lv-vm'));
    const element = (size: number) => ({ uri: namespace, key: 'ik', xml: buildXml(el('s', {}, 'x'.repeat(size))) });
    await kvm.setMetadata(uuid, element(100 * 1024 - 7), 'config');
    await expect(kvm.setMetadata(uuid, element(100 * 1024), 'config')).rejects.toMatchObject({ code: 'too_large' });
    await removed(kvm, uuid);
  });

  it('that is not there is missing from a batch and not_found alone', async () => {
    await kvm.define(vmXml(uuid, 'test-lv-vm'));
    const nobody = randomUUID();
    expect([...(await kvm.xml([nobody, uuid, randomUUID()])).keys()]).toEqual([uuid]);
    const error: unknown = await kvm.start(nobody).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'not_found', message: `Cannot start domain ${nobody} (${kvm.uri})` });
    await removed(kvm, uuid);
  });

  it('fails in ways that can be told apart', async () => {
    await kvm.define(vmXml(uuid, 'test-lv-vm'));
    await expect(kvm.define(vmXml(randomUUID(), 'test-lv-vm'))).rejects.toSatisfy(
      (error) => virshKind(error) === 'exists',
    );
    await expect(kvm.define(vmXml(uuid, 'test-lv-other'))).rejects.toSatisfy((error) => virshKind(error) === 'exists');
    await expect(kvm.destroy(uuid)).rejects.toSatisfy((error) => virshKind(error) === 'not_running');
    await expect(kvm.suspend(uuid)).rejects.toSatisfy((error) => virshKind(error) === 'not_running');
    await expect(kvm.shutdown(uuid)).rejects.toSatisfy((error) => virshKind(error) === 'not_running');
    await kvm.start(uuid);
    await expect(kvm.start(uuid)).rejects.toSatisfy((error) => virshKind(error) === 'already_running');
    await expect(kvm.resume(uuid)).rejects.toSatisfy((error) => virshKind(error) === 'already_running');
    await expect(kvm.shutdown(uuid, 'initctl')).rejects.toMatchObject({ code: 'unsupported' });
    await expect(
      kvm.define(buildXml(el('domain', { type: 'qemu' }, el('name', {}, 'test-lv-nameless')))),
    ).rejects.toMatchObject({ code: 'invalid' });
    const wrong = updateDomain(vmXml(uuid, 'test-lv-vm'), [{ path: ['nonsense'], element: el('nonsense') }]);
    const refusal: unknown = await kvm.define(wrong).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'host_error' });
    expect(messageChain(refusal).at(-1)).toMatch(/nonsense|schema/);
    await removed(kvm, uuid);
  });
});

describe('the host', () => {
  it('says what it is', async () => {
    await Promise.all([kvm.ping(), lxc.ping()]);
    expect(await kvm.version()).toMatchObject({ driver: 'QEMU', daemon: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(await lxc.version()).toMatchObject({ driver: 'LXC' });
    const node = await kvm.nodeInfo();
    expect(node.cpus).toBeGreaterThan(0);
    expect(node.memoryBytes).toBeGreaterThan(2 ** 28);
    expect(await kvm.capabilitiesXml()).toContain('<capabilities>');
    expect(await kvm.domainCapabilitiesXml({ virttype: 'qemu', arch: 'x86_64', machine: 'q35' })).toContain(
      '<domainCapabilities>',
    );
  });

  it('that is not there is transient', async () => {
    const nobody = connect(host, 'qemu+unix:///system?socket=/nonexistent/libvirt-sock');
    for (const call of [
      () => nobody.ping(),
      () => nobody.domains(),
      () => nobody.xml([randomUUID()]),
      () => nobody.define(vmXml(randomUUID(), 'x')),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'transient' });
    }
  });

  it('answers many at once, eight at a time', async () => {
    const lists = await Promise.all(Array.from({ length: 40 }, () => kvm.domains()));
    expect(lists).toHaveLength(40);
  });
});
