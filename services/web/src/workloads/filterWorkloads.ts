import type { WorkloadView } from '@innkeeper/model';
import { backendText } from '../ui/text.ts';

const textOf = (workload: WorkloadView): string =>
  [
    workload.name,
    workload.state,
    workload.backend,
    workload.backend === undefined ? '' : backendText[workload.backend],
    workload.managed ? (workload.adopted === true ? 'managed adopted' : 'managed') : 'foreign',
    workload.host,
    workload.image,
    ...workload.addresses,
    ...Object.entries(workload.labels).map(([key, value]) => `${key}=${value}`),
  ]
    .join(' ')
    .toLowerCase();

/** Workloads in which every word of the filter occurs somewhere. */
export const filterWorkloads = (workloads: readonly WorkloadView[], filter: string): readonly WorkloadView[] => {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return workloads.filter((workload) => {
    const text = textOf(workload);
    return words.every((word) => text.includes(word));
  });
};
