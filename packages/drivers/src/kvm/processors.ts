import { setTimeout as delay } from 'node:timers/promises';
import {
  type DomainDescription,
  describeDomain,
  el,
  type Libvirt,
  virshKind,
  type XmlElement,
} from '@innkeeper/libvirt';
import { InnkeeperError, processorRoom } from '@innkeeper/model';
import type { Definition } from '../shared/definition.ts';

/** How long a guest may take to let a processor go after libvirt has waited; one that never does keeps it until it is restarted. */
const releaseMs = 8000;
const lookAgainMs = 200;

/** Software emulation with several processors locks up larger guests: one is what they get. */
export const processors = (definition: Definition, acceleration: 'kvm' | 'tcg'): number =>
  acceleration === 'tcg' ? 1 : definition.spec.cpus;

/** How many it can be given while it runs; under software emulation no more than the one. */
export const mostProcessors = (definition: Definition, acceleration: 'kvm' | 'tcg'): number =>
  acceleration === 'tcg' ? 1 : processorRoom(definition.spec.cpus);

/**
 * Processors of a machine that starts with `count` and can be given `most`. All but the first are put in as if the machine
 * ran already: what it starts with otherwise can never be taken away.
 */
export const processorElements = (count: number, most: number): XmlElement[] => {
  if (count === most) return [el('vcpu', {}, most)];
  const one = (id: number): XmlElement =>
    el('vcpu', { id, enabled: id < count ? 'yes' : 'no', hotpluggable: id === 0 ? 'no' : 'yes' });
  return [el('vcpu', { current: count }, most), el('vcpus', {}, ...Array.from({ length: most }, (_, id) => one(id)))];
};

const liveCount = async (libvirt: Libvirt, uuid: string): Promise<number | undefined> => {
  const xml = (await libvirt.xml([uuid])).get(uuid);
  return xml === undefined ? undefined : describeDomain(xml).vcpus;
};

interface AgentProcessor {
  readonly 'logical-id': number;
  readonly online: boolean;
}

/** A Linux that does not take a new processor by itself, as those of our images do, is asked to by QEMU's agent, if it has it. */
const useInside = async (libvirt: Libvirt, uuid: string): Promise<void> => {
  const found = (await libvirt.agentCommand(uuid, 'guest-get-vcpus', {})) as readonly AgentProcessor[];
  const idle = found.filter(({ online }) => !online).map((one) => ({ 'logical-id': one['logical-id'], online: true }));
  if (idle.length > 0) await libvirt.agentCommand(uuid, 'guest-set-vcpus', { vcpus: idle });
};

/**
 * Gives a running machine more processors, or takes some of them away as far as its guest lets go; what it then has is seen
 * in its definition. More than it was started for wait for its next start, all of them.
 */
export const changeProcessors = async (
  libvirt: Libvirt,
  uuid: string,
  live: Pick<DomainDescription, 'vcpus' | 'maxVcpus'>,
  wanted: number,
): Promise<void> => {
  if (wanted === live.vcpus || wanted > live.maxVcpus) return;
  try {
    await libvirt.setProcessors(uuid, wanted);
  } catch (error) {
    // The guest does not let go, or has not yet: what it has is looked at below. [QEMU 7.2 tells libvirt of no end under emulation]
    if (!(error instanceof InnkeeperError) || error.code === 'not_found' || virshKind(error) === 'disconnected')
      throw error;
  }
  if (wanted > live.vcpus) return useInside(libvirt, uuid).catch(() => undefined);
  const deadline = Date.now() + releaseMs;
  for (let count = await liveCount(libvirt, uuid); count !== undefined && count > wanted; ) {
    if (Date.now() > deadline) return;
    await delay(lookAgainMs);
    count = await liveCount(libvirt, uuid);
  }
};
