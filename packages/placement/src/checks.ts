import { type Capability, type CheckResult, type DriverReport, formatSize } from '@innkeeper/model';
import type { CapabilityRequirement } from './requirements.ts';
import type { HostSnapshot, PlacementRequest } from './snapshot.ts';

const stateText: Readonly<Record<HostSnapshot['state'], string>> = {
  up: 'is up',
  suspect: 'has not answered for some seconds',
  unreachable: 'does not answer',
  draining: 'is being emptied',
};

const backendName = { lxc: 'containers', kvm: 'virtual machines' } as const;

const checkHostUp = (host: HostSnapshot): CheckResult => ({
  check: 'host-up',
  ok: host.state === 'up',
  need: 'up',
  have: host.state,
  code: host.state === 'up' ? 'ok' : 'host_not_up',
  text: `${host.name} ${stateText[host.state]}`,
});

const checkHealthy = (driver: DriverReport): CheckResult => ({
  check: 'driver-healthy',
  ok: driver.healthy && driver.placeable,
  need: 'a driver that works and creates guests',
  have: driver.healthy ? (driver.placeable ? 'works' : 'shows guests only') : (driver.reason ?? 'does not work'),
  code: driver.healthy ? (driver.placeable ? 'ok' : 'driver_not_placeable') : 'driver_unhealthy',
  text: driver.healthy
    ? driver.placeable
      ? `the driver ${driver.driver} works`
      : `the driver ${driver.driver} creates no guests`
    : `the driver ${driver.driver} does not work: ${driver.reason ?? 'no reason given'}`,
});

const checkBackend = (driver: DriverReport, request: PlacementRequest): CheckResult => {
  const { backend, driver: wanted } = request.spec;
  const ok = (backend === 'auto' || backend === driver.backend) && (wanted === undefined || wanted === driver.driver);
  const need = wanted ?? backend;
  return {
    check: 'backend',
    ok,
    need,
    have: driver.driver,
    code: ok ? 'ok' : 'backend_excluded',
    text: ok ? `${need === 'auto' ? 'any backend will do' : `${need} was asked for`}` : `the manifest asks for ${need}`,
  };
};

const checkPinned = (host: HostSnapshot, request: PlacementRequest): CheckResult => {
  const wanted = request.spec.host;
  const ok = wanted === undefined || wanted === host.name;
  return {
    check: 'host',
    ok,
    need: wanted ?? 'any',
    have: host.name,
    code: ok ? 'ok' : 'host_excluded',
    text: ok
      ? wanted === undefined
        ? 'any host will do'
        : `${wanted} was asked for`
      : `the manifest asks for the host ${wanted}`,
  };
};

const holds = (capability: Capability | undefined, wanted: true | string): boolean => {
  if (capability === undefined) return false;
  if (Array.isArray(capability.value)) return typeof wanted === 'string' && capability.value.includes(wanted);
  return capability.value === wanted;
};

const shown = (capability: Capability | undefined): string =>
  capability === undefined
    ? 'not offered'
    : Array.isArray(capability.value)
      ? capability.value.join(', ')
      : String(capability.value);

const checkCapability = (driver: DriverReport, requirement: CapabilityRequirement): CheckResult => {
  const capability = driver.capabilities[requirement.capability];
  const ok = holds(capability, requirement.wanted);
  const absent = capability?.reasonIfAbsent ?? `${driver.driver} does not offer ${requirement.capability}`;
  return {
    check: requirement.id,
    ok,
    need: `${requirement.capability} = ${requirement.wanted}`,
    have: shown(capability),
    code: ok ? 'ok' : 'capability_missing',
    text: ok ? `${requirement.text}: offered (${capability?.evidence ?? ''})` : `${requirement.text}; ${absent}`,
  };
};

const checkVariant = (driver: DriverReport, request: PlacementRequest): CheckResult => {
  const wanted = driver.backend === 'lxc' ? 'rootfs' : 'disk';
  const { image } = request.spec;
  const ok = image.variants.includes(wanted);
  return {
    check: 'image-variant',
    ok,
    need: wanted,
    have: image.variants.join(', '),
    code: ok ? 'ok' : 'image_variant_missing',
    text: ok
      ? `${image.name} comes as a ${wanted}`
      : `${image.name} has no ${wanted}, which ${backendName[driver.backend]} stand on`,
  };
};

const checkName = (host: HostSnapshot, driver: DriverReport, request: PlacementRequest): CheckResult => {
  const taken = (host.foreignNames[driver.driver] ?? []).includes(request.name);
  return {
    check: 'name',
    ok: !taken,
    need: `no other guest called ${request.name}`,
    have: taken ? 'a foreign guest has the name' : 'free',
    code: taken ? 'name_taken' : 'ok',
    text: taken
      ? `a guest called ${request.name} that Innkeeper did not create is on ${host.name}; choose another name`
      : `the name ${request.name} is free`,
  };
};

/** What is left to promise: capacity times its ratio, without what is claimed by us and used by others. */
const left = (total: number, ratio: number, claimed: number, foreign: number): number =>
  Math.max(0, total * ratio - claimed - foreign);

const inMebibytes = (bytes: number): string => {
  const mebibytes = bytes / 2 ** 20;
  return Number.isInteger(mebibytes) ? `${mebibytes}MiB` : `${bytes}B`;
};

const amount = (
  check: string,
  what: string,
  need: number,
  have: number,
  format: (n: number) => string,
  host: string,
): CheckResult => {
  const ok = need <= have;
  // Rounded alike they would read as "needs 1GiB, has 1GiB".
  const same = !ok && format === formatSize && format(need) === format(have);
  if (same) return amount(check, what, need, have, inMebibytes, host);
  return {
    check,
    ok,
    need: format(need),
    have: format(have),
    code: ok ? 'ok' : `not_enough_${check}`,
    text: ok
      ? `${format(need)} of ${format(have)} free ${what}`
      : `needs ${format(need)} of ${what}; ${host} has ${format(have)} free`,
  };
};

const checkCpus = (host: HostSnapshot, request: PlacementRequest): CheckResult => {
  // More than the host has can never run at once, whatever the ratio promises.
  const single = amount('cpus', 'processors', request.spec.cpus, host.cpus, String, host.name);
  if (!single.ok) return { ...single, text: `needs ${request.spec.cpus} processors; ${host.name} has ${host.cpus}` };
  return amount(
    'cpus',
    'processors',
    request.spec.cpus,
    left(host.cpus, host.cpuRatio, host.claimed.cpus, host.foreign.cpus),
    String,
    host.name,
  );
};

const checkMemory = (host: HostSnapshot, request: PlacementRequest): CheckResult =>
  amount(
    'memory',
    'memory',
    request.spec.memoryBytes,
    Math.floor(left(host.memoryBytes, host.memoryRatio, host.claimed.memoryBytes, host.foreign.memoryBytes)),
    formatSize,
    host.name,
  );

/** Disks are thin, so free space is compared with a tenth of what the disk may grow to, at least 1 GiB. */
const checkDisk = (host: HostSnapshot, request: PlacementRequest): CheckResult =>
  amount(
    'disk',
    'disk space',
    Math.min(request.spec.diskBytes, Math.max(2 ** 30, request.spec.diskBytes / 10)),
    host.diskFreeBytes,
    formatSize,
    host.name,
  );

/** Every check for one candidate; none is left out because another failed. */
export const checksFor = (
  host: HostSnapshot,
  driver: DriverReport,
  request: PlacementRequest,
  requirements: readonly CapabilityRequirement[],
): CheckResult[] => [
  checkHostUp(host),
  checkPinned(host, request),
  checkHealthy(driver),
  checkBackend(driver, request),
  ...requirements.map((requirement) => checkCapability(driver, requirement)),
  checkVariant(driver, request),
  checkName(host, driver, request),
  checkCpus(host, request),
  checkMemory(host, request),
  checkDisk(host, request),
];
