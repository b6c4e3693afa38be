import { randomUUID } from 'node:crypto';
import { localHost } from '@innkeeper/host';
import { buildXml, connect, el, type XmlElement } from '@innkeeper/libvirt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineExec } from './exec.ts';
import { presentImage } from './present-image.ts';

const libvirt = connect(localHost('test'), 'qemu:///system');
const exec = machineExec(libvirt.host, libvirt);
const [withShell, without] = [randomUUID(), randomUUID()];
const plain = { command: ['true'], env: {}, cwd: undefined, tty: undefined };
const tty = { cols: 80, rows: 24 };

const channel = (name: string): XmlElement => el('channel', { type: 'unix' }, el('target', { type: 'virtio', name }));

/** Nothing is installed in it: nobody inside answers. */
const machine = (uuid: string, name: string, ...ports: readonly string[]): string =>
  buildXml(
    el(
      'domain',
      { type: 'qemu' },
      el('name', {}, name),
      el('uuid', {}, uuid),
      el('memory', { unit: 'MiB' }, 64),
      el('os', {}, el('type', { arch: 'x86_64', machine: 'q35' }, 'hvm')),
      el('devices', {}, ...ports.map(channel)),
    ),
  );

describe('a command for a machine', () => {
  beforeAll(async () => {
    await libvirt.define(machine(withShell, 'test-exec-shell', 'org.qemu.guest_agent.0', 'org.innkeeper.shell.0'));
    await libvirt.define(machine(without, 'test-exec-agent', 'org.qemu.guest_agent.0'));
  });

  afterAll(async () => {
    for (const uuid of [withShell, without]) {
      await libvirt.destroy(uuid).catch(() => undefined);
      await libvirt.undefine(uuid);
    }
  });

  it('is refused while the machine does not run, and while nobody inside answers', async () => {
    const guest = { uuid: withShell, name: 'test-exec-shell' };
    await expect(exec(guest, plain)).rejects.toMatchObject({ code: 'conflict' });
    await libvirt.start(withShell);
    await expect(exec(guest, { ...plain, tty })).rejects.toMatchObject({
      code: 'conflict',
      message: 'test-exec-shell does not answer yet',
    });
  });

  it('goes by the agent where the machine has no shell of ours, and gets no terminal there', async () => {
    const guest = { uuid: without, name: 'test-exec-agent' };
    await libvirt.start(without);
    await expect(exec(guest, { ...plain, tty })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('was not made from an image of this version'),
    });
    await expect(exec(guest, plain)).rejects.toMatchObject({
      code: 'conflict',
      message: 'The agent inside test-exec-agent does not answer',
    });
  });

  it('is not looked for in a machine that starts from its disk alone', async () => {
    expect(await presentImage(libvirt, without)).toBeUndefined();
  });
});
