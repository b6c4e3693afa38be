import { formatSize, type WorkloadView } from '@innkeeper/model';
import { plain } from './style.ts';

const amounts = ({ cpus, memoryBytes }: WorkloadView): string => {
  const count = cpus === undefined ? [] : [cpus === 1 ? '1 cpu' : `${cpus} cpus`];
  return [...count, ...(memoryBytes === undefined || memoryBytes === 0 ? [] : [formatSize(memoryBytes)])].join(', ');
};

const first = (view: WorkloadView): string =>
  [
    `foreign ${plain(view.name)}: ${view.state}`,
    `${view.backend === 'kvm' ? 'vm' : 'container'} (${view.driver ?? view.backend ?? 'unknown'})`,
    ...(view.image === undefined ? [] : [plain(view.image)]),
    amounts(view),
    ...(view.autostart === true ? ['starts with its host'] : []),
    ...(view.persistent === false ? ['gone when it stops'] : []),
  ].join(', ');

/** Guests of a host that Innkeeper did not create: what they are, and what of the host they have. */
export const foreignText = (guests: readonly WorkloadView[]): string[] =>
  guests.flatMap((view) => [
    first(view),
    ...view.addresses.map((address) => `    address ${plain(address)}`),
    ...(view.disks ?? []).map(
      ({ target, source, readonly }) =>
        `    disk ${plain(target)}: ${plain(source)}${readonly ? ' (cannot be written)' : ''}`,
    ),
    ...(view.devices ?? []).map(({ text }) => `    has ${plain(text)}`),
  ]);
