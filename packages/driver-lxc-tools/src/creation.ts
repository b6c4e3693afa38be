import type { DriverEnvironment, GuestPlan, GuestRef, Step } from '@innkeeper/driver-contract';
import { ownershipOf } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import {
  containerRootPath,
  destroyContainerRoot,
  type ImageStore,
  prepareContainerRoot,
  releaseContainerRoot,
} from '@innkeeper/storage';
import { type CgroupLayout, containerConfig } from './config.ts';
import { definitionOf } from './definition.ts';
import { containerFiles } from './layout.ts';
import { killContainer, removeStartLog } from './lifecycle.ts';
import { guestFiles } from './plan.ts';
import { readRecord, requireMade, requireOurs, writeRecord } from './record.ts';

/** cgroup.controllers is in the root of v2 alone: a hybrid machine has it below unified, without the controllers. */
export const cgroupLayout = async (host: Host): Promise<CgroupLayout> =>
  (await host.files.facts('/sys/fs/cgroup/cgroup.controllers')) === undefined ? 1 : 2;

export const configFor = async ({ host, paths }: DriverEnvironment, plan: GuestPlan): Promise<string> =>
  containerConfig(definitionOf(plan), containerRootPath(paths, plan.uuid), await cgroupLayout(host));

/** The record comes first: whatever a kill leaves is known as ours. The config comes last: without it there is no container. */
const define = async (environment: DriverEnvironment, plan: GuestPlan): Promise<void> => {
  const { host } = environment;
  await requireOurs(host, plan);
  const files = containerFiles(plan.name);
  const definition = definitionOf(plan);
  const config = await configFor(environment, plan);
  await host.files.makeDirectory(files.folder, 0o711);
  await writeRecord(host, { name: plan.name, uuid: plan.uuid, adopted: false, ownership: ownershipOf(definition) });
  await host.files.write(files.config, config, 0o644);
};

/** Nothing but a folder, and what an interrupted write may have left in it. */
const removeIfEmpty = async (host: Host, folder: string): Promise<void> => {
  const content = await host.files.list(folder);
  if (content.every((name) => /^\.[0-9a-f-]{36}\.new$/.test(name))) await host.files.remove(folder);
};

/** From whatever there is to no container; the record goes last, since it says that the rest is ours. */
const undefine = async (host: Host, { uuid, name }: GuestRef, disks: 'keep' | 'delete'): Promise<void> => {
  const files = containerFiles(name);
  const record = await readRecord(host, name);
  if (record === undefined && (await host.files.facts(files.config)) === undefined)
    return removeIfEmpty(host, files.folder);
  if (record?.uuid !== uuid) return;
  await host.files.remove(files.config);
  const others = (await host.files.list(files.folder)).filter((entry) => entry !== 'innkeeper.json');
  if (disks === 'delete') for (const entry of others) await host.files.remove(`${files.folder}/${entry}`);
  await host.files.remove(disks === 'delete' || others.length === 0 ? files.folder : files.record);
};

export const creationSteps = (environment: DriverEnvironment, images: ImageStore, plan: GuestPlan): readonly Step[] => {
  const { host, paths } = environment;
  const definition = definitionOf(plan);
  const { image } = definition.spec;
  return [
    {
      name: 'image',
      run: async ({ progress, signal }) => void (await images.rootfs(image, { onProgress: progress, signal })),
      noUndo: 'an image is a cache that the next workload uses',
    },
    {
      name: 'root',
      run: () =>
        prepareContainerRoot(host, paths, images, {
          id: plan.uuid,
          image,
          uidStart: definition.claims.uidStart,
          files: guestFiles(definition),
        }),
      undo: () => destroyContainerRoot(host, paths, plan.uuid),
    },
    {
      name: 'definition',
      run: () => define(environment, plan),
      undo: async () => {
        if ((await readRecord(host, plan.name))?.uuid === plan.uuid) await killContainer(host, plan.name);
        await undefine(host, plan, 'delete');
        await removeStartLog(environment, plan.uuid);
      },
    },
  ];
};

export const removalSteps = (
  environment: DriverEnvironment,
  guest: GuestRef,
  disks: 'keep' | 'delete',
): readonly Step[] => {
  const { host, paths } = environment;
  const noUndo = 'removal goes forward: what is gone is gone';
  return [
    {
      name: 'stop',
      run: async () => {
        if ((await requireMade(host, guest)) !== undefined) await killContainer(host, guest.name);
      },
      noUndo,
    },
    {
      name: 'undefine',
      run: async () => {
        await undefine(host, guest, disks);
        await removeStartLog(environment, guest.uuid);
      },
      noUndo,
    },
    { name: 'root', run: () => releaseContainerRoot(host, paths, guest.uuid, disks), noUndo },
  ];
};
