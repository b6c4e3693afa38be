import { shellPort } from '@innkeeper/guest-shell';
import { describeDomain, type Libvirt } from '@innkeeper/libvirt';
import { type MachineImage, machineIdWord } from './xml.ts';

/**
 * What a machine that is there starts from, by its definition: its disk is an overlay of the image that it was made from,
 * also when images are built otherwise by now. Undefined for one that starts from its disk alone.
 */
export const presentImage = async (libvirt: Libvirt, uuid: string): Promise<MachineImage | undefined> => {
  const xml = (await libvirt.xml([uuid], { inactive: true })).get(uuid);
  if (xml === undefined) return undefined;
  const { os, consoles } = describeDomain(xml);
  if (os.kernel === undefined || os.initrd === undefined) return undefined;
  return {
    kernel: os.kernel,
    initrd: os.initrd,
    shell: consoles.some(({ name }) => name === shellPort),
    copied: os.cmdline?.split(' ').some((word) => word.startsWith(machineIdWord)) === true,
  };
};
