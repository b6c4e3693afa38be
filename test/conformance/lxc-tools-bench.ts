import type { GuestRef } from '@innkeeper/driver-contract';
import { lxcTools } from '@innkeeper/driver-lxc-tools';
import {
  commonLeftovers,
  forgetMounts,
  host,
  type OpenBench,
  openDriver,
  orderSeries,
  paths,
  prefix,
} from './orders.ts';

const lxcPath = '/var/lib/lxc';
const names = 'test-conform-tools';
const foreignName = 'test-conform-tools-foreign';
const busybox = '/bin/busybox';

/** A container as somebody makes one by hand: busybox as its whole system, a config with comments and spaces of its own. */
const foreignConfig = `# made by hand
lxc.uts.name=${foreignName}
lxc.rootfs.path =   dir:${lxcPath}/${foreignName}/rootfs

lxc.net.0.type = empty
lxc.init.cmd = /bin/sleep 86400
`;

const killIfThere = (name: string): Promise<unknown> =>
  host.run(['lxc-stop', `--name=${name}`, '--kill'], { expect: [0, 1, 2] });

const removeLeft = async (): Promise<void> => {
  for (const name of (await host.files.list(lxcPath)).filter((one) => one.startsWith(names))) {
    await killIfThere(name);
    await host.files.remove(`${lxcPath}/${name}`);
  }
};

const makeForeign = async (): Promise<void> => {
  const folder = `${lxcPath}/${foreignName}`;
  for (const below of ['', '/rootfs', '/rootfs/bin', '/rootfs/dev', '/rootfs/proc', '/rootfs/sys'])
    await host.files.makeDirectory(`${folder}${below}`, 0o755);
  await host.run(['install', '-m', '0755', '--', busybox, `${folder}/rootfs/bin/sleep`]);
  await host.files.write(`${folder}/config`, foreignConfig, 0o640);
  await host.run(['lxc-start', `--name=${foreignName}`]);
};

/** Every file with owner, mode, time and content's hash, and the process that is its init: a restart changes it. */
const fingerprint = async (): Promise<string> => {
  const folder = `${lxcPath}/${foreignName}`;
  const files = await host.run(['find', folder, '-printf', '%P %y %m %U:%G %s\n']);
  const content = await host.run(['find', folder, '-type', 'f', '-exec', 'sha256sum', '{}', '+']);
  const init = await host.run(['lxc-info', `--name=${foreignName}`, '--pid', '--state', '--no-humanize']);
  return [files, content, init].map(({ stdout }) => stdout.split('\n').sort().join('\n')).join('\n');
};

/** What the suite needs of this machine for classic containers: the packages lxc and busybox-static, the bridge virbr0. */
export const openLxcToolsBench = async (): Promise<OpenBench> => {
  const driver = openDriver(lxcTools);
  await host.files.makeDirectory(paths.state, 0o711);
  await removeLeft();
  await makeForeign();
  const foreign = (await driver.list()).find(({ name }) => name === foreignName);
  if (foreign === undefined) throw new Error('the foreign container is not listed');
  const orders = orderSeries({
    names,
    backend: 'lxc',
    report: await driver.probe(),
    firstUid: 0x7800_0000,
    firstAddress: 150,
  });
  return {
    driver,
    order: orders.order,
    leftovers: async (guest: GuestRef) => {
      const { uuid, name } = guest;
      const folder = `${lxcPath}/${name}`;
      const logs = (await host.files.list(`${paths.logs}/lxc-tools`)).filter((file) => file.includes(uuid));
      return [
        ...((await host.files.facts(folder)) === undefined ? [] : [folder]),
        ...(await commonLeftovers(guest)),
        ...logs,
      ];
    },
    foreign: { guest: { uuid: foreign.uuid, name: foreignName }, fingerprint },
    startByOthers: async (guest) => {
      await forgetMounts(guest);
      await host.run(['lxc-start', `--name=${guest.name}`]);
    },
    removeAll: () => orders.removeAll(driver),
    close: async () => {
      await removeLeft();
      await host.files.remove(prefix);
    },
  };
};
