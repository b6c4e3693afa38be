const step = 8;

/**
 * How many virtual processors a machine that is made with `cpus` can be given while it runs. What it could have costs: Linux
 * keeps memory for each (see docs/guests.md), so that it is no more than the next multiple of eight, and always one more than
 * it has. 255 is where a machine needs an IOMMU.
 */
export const processorRoom = (cpus: number): number =>
  Math.max(cpus, Math.min(255, Math.floor(cpus / step) * step + step));
