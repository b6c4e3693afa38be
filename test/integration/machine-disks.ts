import { connect } from '@innkeeper/libvirt';
import type { WorkloadSpec } from '@innkeeper/model';
import { host, type Installation, leftOnHost, paths, viewWhere } from './installation.ts';

/** Machines without a system: their firmware looks for one, and what is on their disks is written by QEMU itself. */

export const qemu = connect(host, 'qemu:///system');

/** An empty disk with UEFI variables and a TPM, as small as it starts. */
export const machineSpec: WorkloadSpec = {
  image: 'windows/11',
  cpus: 1,
  memory: '256MiB',
  disk: '1GiB',
  volumes: [{ name: 'data', size: '64MiB' }],
};

export interface Disks {
  readonly disk: string;
  readonly volume: string;
  readonly nvram: string;
  readonly tpm: string;
  readonly snapshots: string;
}

export const disksOf = (id: string): Disks => ({
  disk: `${paths.state}/disks/${id}/root.qcow2`,
  volume: `${paths.state}/volumes/${id}/data.qcow2`,
  nvram: `/var/lib/libvirt/qemu/nvram/${id}_VARS.fd`,
  tpm: `/var/lib/libvirt/swtpm/${id}`,
  snapshots: `${paths.state}/disks/${id}/snapshots`,
});

const monitor = async (id: string, command: string): Promise<string> => {
  const words = ['virsh', '-q', '-c', 'qemu:///system', 'qemu-monitor-command', '--domain', id, '--hmp', command];
  return (await host.run(words)).stdout;
};

/** Fills the first 64 KiB of disk and volume with a byte: through QEMU where it has them open, as a guest would. */
export const fill = async (id: string, byte: number): Promise<void> => {
  const { disk, volume } = disksOf(id);
  const stopped = (await qemu.domain(id))?.state === 'stopped';
  const blocks = stopped ? '' : await monitor(id, 'info block');
  for (const path of [disk, volume]) {
    const write = `write -P ${byte} 0 64k`;
    if (stopped) await host.run(['qemu-io', '-f', 'qcow2', '-c', write, path]);
    else {
      const device = /Attached to: +(\S+)/.exec(blocks.slice(blocks.indexOf(path)))?.[1] ?? '';
      const said = await monitor(id, `qemu-io -d ${device} "${write}"`);
      // What was written is told in QEMU's log, only what went wrong to the monitor.
      if (said.trim() !== '') throw new Error(`${path}: ${said}`);
    }
  }
};

/** Of what a guest reads of a disk, half in of what {@link fill} fills. */
export const firstByte = async (path: string): Promise<number> => {
  const { stdout } = await host.run(['qemu-io', '-U', '-r', '-f', 'qcow2', '-c', 'read -v 32k 1', path]);
  return Number.parseInt(/^[0-9a-f]+:\s+([0-9a-f]{2})/m.exec(stdout)?.[1] ?? '', 16);
};

/** The byte of disk and of volume, and what firmware and TPM remember, whoever's they are, of a machine that does not run. */
export const held = async (id: string): Promise<{ bytes: number[]; state: string }> => {
  const { disk, volume, nvram, tpm } = disksOf(id);
  const script =
    'sha256sum < "$1"; cd "$2" && find . -type f ! -name .lock -printf "%U %m " -exec sha256sum {} \\; | sort';
  const { stdout } = await host.run(['sh', '-c', script, 'sh', nvram, tpm]);
  return { bytes: [await firstByte(disk), await firstByte(volume)], state: stdout.replaceAll(id, '') };
};

/** Spoils all that firmware and TPM remember: nothing starts from it. */
export const spoil = async (id: string): Promise<void> => {
  const { nvram, tpm } = disksOf(id);
  const script = 'printf spoiled >> "$1"; find "$2" -type f -exec sh -c "printf spoiled > {}" \\;';
  await host.run(['sh', '-c', script, 'sh', nvram, tpm]);
};

/** By its plug: nothing inside hears a request. */
export const unplug = async (innkeeper: Installation, name: string): Promise<void> => {
  const { id } = await innkeeper.client.workload(name);
  await qemu.destroy(id);
  await viewWhere(innkeeper, name, ({ state }) => state === 'stopped');
};

/** What is on the host of these machines, and of any guest of these tests. */
export const machinesLeft = async (ids: readonly string[]): Promise<string[]> => {
  const libvirt = ['/var/lib/libvirt/swtpm', '/var/lib/libvirt/qemu/nvram'];
  const folders = [`${paths.state}/disks`, `${paths.state}/volumes`, ...libvirt];
  const files = (await Promise.all(folders.map((folder) => host.files.list(folder)))).flat();
  return [...(await leftOnHost()), ...files.filter((file) => ids.some((id) => file.includes(id)))];
};
