import type { DriverReport, ScorePart } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest } from './snapshot.ts';

const backendPoints = 50;
const imagePoints = 10;
const freeMemoryPoints = 20;
const stayPoints = 100;

/** Containers first: they start in a moment and share the host's memory; what needs more has said so as a requirement. */
const scoreBackend = (driver: DriverReport): ScorePart => ({
  name: 'backend',
  points: driver.backend === 'lxc' ? backendPoints : 0,
  text:
    driver.backend === 'lxc'
      ? 'a Linux service is lighter as a container: it starts at once and shares memory with the host'
      : 'a virtual machine costs a kernel and memory of its own',
});

const scoreImage = (host: HostSnapshot, request: PlacementRequest): ScorePart => {
  const there = request.spec.image.source.kind === 'blank' || host.images.includes(request.spec.image.name);
  return {
    name: 'image',
    points: there ? imagePoints : 0,
    text: there ? 'the image is there' : 'the image has to be built or fetched first',
  };
};

const scoreMemory = (host: HostSnapshot): ScorePart => {
  const used = host.claimed.memoryBytes + host.foreign.memoryBytes;
  const free = host.memoryBytes === 0 ? 0 : Math.max(0, 1 - used / (host.memoryBytes * host.memoryRatio));
  return {
    name: 'spread',
    points: Math.round(free * freeMemoryPoints),
    text: `${Math.round(free * 100)} % of its memory is not promised`,
  };
};

const scoreStay = (host: HostSnapshot, driver: DriverReport, request: PlacementRequest): ScorePart[] =>
  request.current?.host === host.name && request.current.driver === driver.driver
    ? [{ name: 'stay', points: stayPoints, text: 'it is there already' }]
    : [];

export const scoresFor = (host: HostSnapshot, driver: DriverReport, request: PlacementRequest): ScorePart[] => [
  scoreBackend(driver),
  scoreImage(host, request),
  scoreMemory(host),
  ...scoreStay(host, driver, request),
];
