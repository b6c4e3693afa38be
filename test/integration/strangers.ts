import { randomUUID } from 'node:crypto';
import type { Host } from '@innkeeper/host';
import { canonicalXml, connect, type Libvirt } from '@innkeeper/libvirt';
import type { OperationView } from '@innkeeper/model';
import { host, type Installation, paths } from './installation.ts';

interface Named {
  readonly uuid: string;
  readonly name: string;
}

const busybox = '/bin/busybox';

/** Runs until it is asked to end. */
const script = "trap 'exit 0' TERM PWR; while :; do busybox sleep 1; done";

/** The first of the ids that the container of {@link containerXml} has on the host. */
const firstId = 1_500_000_000;

/** A container's whole system: busybox. */
const makeRoot = async (host: Host, root: string, owner = firstId): Promise<void> => {
  for (const below of ['', '/bin', '/dev', '/proc', '/sys', '/etc', '/tmp'])
    await host.files.makeDirectory(`${root}${below}`, 0o755);
  await host.run(['install', '-m', '0755', '--', busybox, `${root}/bin/busybox`]);
  await host.run(['ln', '-sf', 'busybox', `${root}/bin/sh`]);
  await host.files.write(`${root}/init`, `${script}\n`, 0o755);
  await host.files.write(`${root}/etc/passwd`, 'root:x:0:0::/:/bin/busybox\n');
  await host.run(['chown', '-R', `${owner}:${owner}`, '--', root]);
};

/** As somebody writes one by hand: attributes in another order, a comment, elements of their own. */
export const containerXml = ({ uuid, name }: Named, root: string): string => `
<domain type='lxc'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <title>made by hand</title>
  <metadata><shop:note xmlns:shop='urn:shop:1'>ask <b>Ann</b> first</shop:note></metadata>
  <memory unit='MiB'>64</memory>
  <os><type>exe</type><init>/bin/busybox</init><initarg>sh</initarg><initarg>-c</initarg><initarg>${script.replaceAll("'", '&apos;')}</initarg></os>
  <idmap><uid start='0' target='${firstId}' count='65536'/><gid start='0' target='${firstId}' count='65536'/></idmap>
  <devices>
    <filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem>
    <interface type='network'><source network='default'/><mac address='52:54:00:7e:57:01'/></interface>
    <console type='pty'/>
  </devices>
</domain>`;

/** No disk: its firmware looks for one and waits. */
const machineXml = ({ uuid, name }: Named): string => `
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <interface type='network'><mac address='52:54:00:7e:57:02'/><source network='default'/><model type='virtio'/></interface>
    <serial type='pty'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-fw_cfg'/>
    <qemu:arg value='name=opt/org.example/answer,string=42'/>
  </qemu:commandline>
</domain>`;

/** What virt-install writes for Windows 11, with a command line of its owner's; it is never started. */
const windowsXml = ({ uuid, name }: Named): string => `
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://microsoft.com/win/11"/>
    </libosinfo:libosinfo>
  </metadata>
  <memory>4194304</memory>
  <currentMemory>4194304</currentMemory>
  <vcpu>4</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='q35'>hvm</type>
    <firmware><feature enabled='yes' name='enrolled-keys'/><feature enabled='yes' name='secure-boot'/></firmware>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/><apic/>
    <hyperv mode='custom'><relaxed state='on'/><vapic state='on'/><spinlocks state='on' retries='8191'/></hyperv>
    <vmport state='off'/><smm state='on'/>
  </features>
  <cpu mode='maximum'/>
  <clock offset='localtime'>
    <timer name='rtc' tickpolicy='catchup'/><timer name='pit' tickpolicy='delay'/><timer name='hpet' present='no'/>
    <timer name='hypervclock' present='yes'/>
  </clock>
  <pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/srv/test-op/win11.qcow2'/>
      <target dev='sda' bus='sata'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sdb' bus='sata'/><readonly/></disk>
    <interface type='network'><source network='default'/><mac address='52:54:00:7e:57:03'/><model type='e1000e'/></interface>
    <channel type='qemu-vdagent'><source><clipboard copypaste='no'/></source><target type='virtio' name='com.redhat.spice.0'/></channel>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <graphics type='vnc' port='-1'/>
    <sound model='ich9'/>
    <video><model type='vga'/></video>
    <input type='tablet' bus='usb'/>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-smbios'/>
    <qemu:arg value='type=1,manufacturer=Their own'/>
  </qemu:commandline>
</domain>`;

/** A container of `lxc-create` and `lxc-start`, with lines of its owner's. */
const classicContainer = (name: string) => {
  const folder = `/var/lib/lxc/${name}`;
  const config = `${folder}/config`;
  const stop = () => host.run(['lxc-stop', `--name=${name}`, '--kill'], { expect: [0, 1, 2] });
  return {
    name,
    config,
    start: async (): Promise<void> => {
      await host.run(['lxc-create', `--name=${name}`, '--template=none']);
      await makeRoot(host, `${folder}/rootfs`, 0);
      await host.files.write(
        config,
        `# Ann's wiki\nlxc.uts.name = ${name}\nlxc.rootfs.path = dir:${folder}/rootfs\nlxc.net.0.type = veth\nlxc.net.0.link = virbr0\nlxc.net.0.hwaddr = 52:54:00:7e:57:04\nlxc.init.cmd = /bin/sh /init\nlxc.mount.entry = /srv srv none bind,create=dir 0 0\n`,
        0o644,
      );
      await host.run(['lxc-start', `--name=${name}`]);
    },
    stop,
    /** Gives a running one ids of its own and a directory of the host, from its next start on. */
    map: async ({ first, mount }: { readonly first: number; readonly mount: string }): Promise<void> => {
      const before = (await host.files.readText(config)).replace(/^lxc\.mount\.entry.*$/m, '');
      await host.files.makeDirectory(`${folder}/rootfs/srv`, 0o755);
      const maps = ['u', 'g'].map((kind) => `lxc.idmap = ${kind} 0 ${first} 65536\n`).join('');
      await host.files.write(
        config,
        `${before}${maps}lxc.mount.entry = ${mount} srv none ro,bind,create=dir 0 0\n`,
        0o644,
      );
      await host.run(['chown', '-R', `${first}:${first}`, '--', `${folder}/rootfs`]);
    },
    remove: async (): Promise<void> => {
      await stop();
      await host.files.remove(folder);
    },
    /** Files with their content, and the process that is its init. */
    looks: async (): Promise<string> => {
      const files = await host.run(['find', folder, '-type', 'f', '-exec', 'sha256sum', '{}', '+']);
      const state = await host.run(['lxc-info', `--name=${name}`, '--pid', '--state', '--no-humanize']);
      return `${files.stdout.split('\n').sort().join('\n')}${state.stdout}`;
    },
  };
};

const connections = { lxc: connect(host, 'lxc:///system'), kvm: connect(host, 'qemu:///system') } as const;
const root = `${paths.state}-strangers`;

/** Guests as their owners made them: names, ids and definitions that Innkeeper had no part in. */
export const strangers = {
  container: { uuid: randomUUID(), name: 'test-op-hand' },
  machine: { uuid: randomUUID(), name: 'test-op-old.VM' },
  windows: { uuid: randomUUID(), name: 'test-op-Win11' },
  classic: classicContainer('test-op-classic'),
  /** What their containers stand on. */
  root,
  ...connections,
  remove: async (): Promise<void> => {
    for (const [driver, libvirt] of Object.entries(connections))
      for (const { uuid, name } of await libvirt.domains()) {
        if (!name.startsWith('test-op')) continue;
        await libvirt.destroy(uuid).catch(() => undefined);
        await libvirt.undefine(uuid, driver === 'kvm' ? { nvram: true } : {});
      }
    await strangers.classic.remove();
    await host.files.remove(root);
  },
  placeContainer: async (): Promise<void> => {
    const { container } = strangers;
    await makeRoot(host, root);
    await connections.lxc.define(containerXml(container, root), { validate: false });
    await connections.lxc.start(container.uuid);
  },
  placeMachines: async (): Promise<void> => {
    const { machine, windows } = strangers;
    await connections.kvm.define(machineXml(machine));
    await connections.kvm.start(machine.uuid);
    // Twice: libvirt sorts what it added itself when it reads its own definition again.
    await connections.kvm.define(windowsXml(windows), { validate: false });
    const sorted = (await connections.kvm.xml([windows.uuid], { inactive: true })).get(windows.uuid);
    await connections.kvm.define(sorted ?? '', { validate: false });
    await connections.kvm.setAutostart(windows.uuid, true);
  },
};

/** Everything of a domain that its owner would find changed. */
export const looks = async (libvirt: Libvirt, uuid: string) => {
  const domain = (await libvirt.domains()).find((one) => one.uuid === uuid);
  const [kept, live] = [await libvirt.xml([uuid], { inactive: true }), await libvirt.xml([uuid])];
  return { domain, kept: canonicalXml(kept.get(uuid) ?? ''), live: canonicalXml(live.get(uuid) ?? '') };
};

/** Adoption as its users ask for it, and after a test what that one left adopted given back, or all others would fail. */
export const adopting = (innkeeper: Installation) => {
  const { client, finished } = innkeeper;
  return {
    adopt: async (id: string, request: Parameters<typeof client.adopt>[1] = {}): Promise<OperationView> =>
      finished(await client.adopt(id, request)),
    release: async (name: string): Promise<OperationView> => finished(await client.release(name)),
    releaseAll: async (): Promise<void> => {
      innkeeper.fault = () => undefined;
      for (const { name, adopted } of await client.workloads())
        if (adopted === true) await finished(await client.release(name));
    },
  };
};

export const refusal = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'was not refused',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );
