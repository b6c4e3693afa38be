import { randomUUID } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collector, lifecycle, lxc, namespace, removed, stateOf } from './testing.ts';
import { buildXml, el } from './xml/build.ts';
import { describeDomain } from './xml/parse.ts';
import type { XmlElement } from './xml/tree.ts';

const map = (name: string): XmlElement => el(name, { start: 0, target: 100_000, count: 65_536 });

const containerXml = (uuid: string, name: string, rootfs: string): string =>
  buildXml(
    el(
      'domain',
      { type: 'lxc' },
      el('name', {}, name),
      el('uuid', {}, uuid),
      el('memory', { unit: 'MiB' }, 64),
      el('os', {}, el('type', {}, 'exe'), el('init', {}, '/sbin/init')),
      el('idmap', {}, map('uid'), map('gid')),
      el('features', {}, el('privnet')),
      el(
        'devices',
        {},
        el('filesystem', { type: 'mount' }, el('source', { dir: rootfs }), el('target', { dir: '/' })),
        el('console', { type: 'pty' }),
      ),
    ),
  );

describe('a container', () => {
  const uuid = randomUUID();
  let rootfs = '';

  beforeAll(async () => {
    rootfs = await mkdtemp(join(tmpdir(), 'test-lv-'));
    await chmod(rootfs, 0o755);
    for (const directory of ['bin', 'sbin', 'dev', 'proc', 'sys', 'etc', 'tmp']) await mkdir(join(rootfs, directory));
    await copyFile('/bin/busybox', join(rootfs, 'bin/busybox'));
    await symlink('busybox', join(rootfs, 'bin/sh'));
    await writeFile(
      join(rootfs, 'sbin/init'),
      '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do /bin/busybox sleep 1 & wait $!; done\n',
      { mode: 0o755 },
    );
    for (const path of ['', 'bin', 'sbin', 'dev', 'proc', 'sys', 'etc', 'tmp', 'bin/busybox', 'sbin/init']) {
      await chown(join(rootfs, path), 100_000, 100_000);
    }
  });
  afterAll(async () => {
    await removed(lxc, uuid);
    await rm(rootfs, { recursive: true, force: true });
  });

  it('is defined, run and removed, and each step is told', async () => {
    const events = collector(lxc);
    await events.until(({ kind }) => kind === 'gap');
    await lxc.define(containerXml(uuid, 'test-lv-box', rootfs));
    await lxc.start(uuid);
    const running = { uuid, name: 'test-lv-box', state: 'running', persistent: true, autostart: false };
    expect(await lxc.domains()).toContainEqual(running);
    expect(await lxc.domain(uuid)).toEqual(running);

    const description = describeDomain((await lxc.xml([uuid])).get(uuid) ?? '');
    expect(description).toMatchObject({
      type: 'lxc',
      idmap: { uid: [{ start: 0, target: 100_000, count: 65_536 }] },
      filesystems: [{ source: rootfs, target: '/' }],
    });
    expect(description.consoles[0]?.path).toMatch(/^\/dev\/pts\//);

    await lxc.setMetadata(uuid, { uri: namespace, key: 'ik', xml: '<spec/>' }, 'config');
    await lxc.setMetadata(uuid, { uri: namespace, key: 'ik', xml: '<spec/>' }, 'live');
    expect(describeDomain((await lxc.xml([uuid])).get(uuid) ?? '').metadata.has(namespace)).toBe(true);

    await lxc.setMemory(uuid, 48 * 2 ** 20, ['live']);
    expect(describeDomain((await lxc.xml([uuid])).get(uuid) ?? '').memoryBytes).toBe(48 * 2 ** 20);

    await lxc.destroy(uuid);
    await lxc.undefine(uuid);
    await events.until(lifecycle('test-lv-box', /^Undefined/));
    await events.end();
    expect(await stateOf(lxc, uuid)).toBeUndefined();
    expect(await lxc.domain(uuid)).toBeUndefined();
  });

  it('has no figures, screen or domain capabilities in libvirt', async () => {
    await lxc.define(containerXml(uuid, 'test-lv-box', rootfs));
    await lxc.start(uuid);
    await expect(lxc.domstats()).rejects.toMatchObject({ code: 'unsupported' });
    await expect(lxc.screenshot(uuid)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(lxc.domainCapabilitiesXml({})).rejects.toMatchObject({ code: 'unsupported' });
    await removed(lxc, uuid);
  });
});
