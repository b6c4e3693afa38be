import type { Capability, CheckResult, DriverReport } from '@innkeeper/model';
import type { CapabilityRequirement } from '../requirements.ts';
import type { HostSnapshot, Origin, OwnNetwork, PlacementRequest } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';
import { networkChecks } from './networks.ts';
import { diskLimit, poolChecks } from './pools.ts';

const backendName = { lxc: 'containers', kvm: 'virtual machines' } as const;

const checkHealthy = ({ driver, healthy, placeable, reason }: DriverReport): CheckResult => {
  const check = 'driver-healthy';
  const need = 'a driver that works and creates guests';
  if (!healthy) {
    const have = reason ?? 'does not work';
    const text = `the driver ${driver} does not work: ${reason ?? 'no reason given'}`;
    return failedForNow(check, need, 'driver_unhealthy', { have, text });
  }
  return placeable
    ? passed(check, need, { have: 'works', text: `the driver ${driver} works` })
    : failed(check, need, 'driver_not_placeable', {
        have: 'shows guests only',
        text: `the driver ${driver} creates no guests`,
      });
};

const checkBackend = ({ backend, driver }: DriverReport, { spec }: PlacementRequest): CheckResult => {
  const ok = (spec.backend === 'auto' || spec.backend === backend) && (spec.driver ?? driver) === driver;
  const need = spec.driver ?? spec.backend;
  const text = need === 'auto' ? 'any backend will do' : `${need} was asked for`;
  return ok
    ? passed('backend', need, { have: driver, text })
    : failed('backend', need, 'backend_excluded', { have: driver, text: `the manifest asks for ${need}` });
};

const holds = (capability: Capability | undefined, wanted: true | string): boolean => {
  if (capability === undefined) return false;
  if (Array.isArray(capability.value)) return typeof wanted === 'string' && capability.value.includes(wanted);
  return capability.value === wanted;
};

const shown = (capability: Capability | undefined): string => {
  if (capability === undefined) return 'not offered';
  return Array.isArray(capability.value) ? capability.value.join(', ') : String(capability.value);
};

const checkCapability = (
  report: DriverReport,
  request: PlacementRequest,
  requirement: CapabilityRequirement,
): CheckResult => {
  const { driver, capabilities } = report;
  const { id, text, capability: name, wanted } = requirement;
  const capability = name === 'limits.disk' ? diskLimit(report, request) : capabilities[name];
  const need = `${name} = ${wanted}`;
  const have = shown(capability);
  if (holds(capability, wanted))
    return passed(id, need, { have, text: `${text}: offered (${capability?.evidence ?? ''})` });
  const absent = capability?.reasonIfAbsent ?? `the driver ${driver} of this version does not offer ${name}`;
  return failed(id, need, 'capability_missing', { have, text: `${text}; ${absent}` });
};

/** Nothing builds an imported image where it is not: a host has it in this variant, or does not. */
const checkStored = (
  host: HostSnapshot,
  { healthy, images }: DriverReport,
  name: string,
  wanted: string,
): CheckResult => {
  const there = { have: `here as a ${wanted}`, text: `the image ${name} is here as a ${wanted}` };
  if (!healthy || images.includes(name)) return passed('image-variant', wanted, there);
  const text = `the image ${name} is not on ${host.name} as a ${wanted}`;
  return failed('image-variant', wanted, 'image_variant_missing', { have: 'not here', text });
};

const checkVariant = (host: HostSnapshot, driver: DriverReport, { spec, origin }: PlacementRequest): CheckResult => {
  const { backend } = driver;
  const wanted = backend === 'lxc' ? 'rootfs' : 'disk';
  const { name, variants, source } = spec.image;
  if (origin?.backup !== undefined)
    return passed('image-variant', wanted, { have: 'in the backup', text: `the image ${name} comes with the backup` });
  if (source.kind === 'stored') return checkStored(host, driver, name, wanted);
  const have = variants.join(', ');
  return variants.includes(wanted)
    ? passed('image-variant', wanted, { have, text: `${name} comes as a ${wanted}` })
    : failed('image-variant', wanted, 'image_variant_missing', {
        have,
        text: `${name} has no ${wanted}, which ${backendName[backend]} stand on`,
      });
};

const checkName = (host: HostSnapshot, { driver }: DriverReport, { name }: PlacementRequest): CheckResult => {
  const need = `no other guest called ${name}`;
  return (host.foreignNames[driver] ?? []).includes(name)
    ? failed('name', need, 'name_taken', {
        have: 'a foreign guest has the name',
        text: `a guest called ${name} that Innkeeper did not create is on ${host.name}; choose another name`,
      })
    : passed('name', need, { have: 'free', text: `the name ${name} is free` });
};

const originText = ({ workload, host, driver, backup }: Origin, need: string): string => {
  if (backup === undefined) return `it is a clone of ${workload}, which is on ${need}`;
  const where = host === undefined ? '' : `, and is on ${host}`;
  return `it is made of the backup ${backup} of ${workload}, which the driver ${driver} can bring back${where}`;
};

/** A clone is made where the one is that it is copied from, and nowhere else; a backup is brought back by the driver that it is of. */
const originChecks = (host: HostSnapshot, { driver }: DriverReport, { origin }: PlacementRequest): CheckResult[] => {
  if (origin === undefined) return [];
  const need = `${origin.host ?? 'any host'}/${origin.driver}`;
  const have = `${host.name}/${driver}`;
  const text = originText(origin, need);
  const fits = driver === origin.driver && (origin.host ?? host.name) === host.name;
  return [fits ? passed('origin', need, { have, text }) : failed('origin', need, 'origin_elsewhere', { have, text })];
};

/**
 * Every check that differs between the drivers of one host; none is left out because another failed. A driver that does not work
 * may not have said what it can do: of that nothing is held against it.
 */
export const driverChecks = (
  host: HostSnapshot,
  driver: DriverReport,
  request: PlacementRequest,
  requirements: readonly CapabilityRequirement[],
  networks: readonly OwnNetwork[] = [],
): CheckResult[] => [
  checkHealthy(driver),
  checkBackend(driver, request),
  ...originChecks(host, driver, request),
  ...requirements
    .filter(({ capability }) => driver.healthy || driver.capabilities[capability] !== undefined)
    .map((requirement) => checkCapability(driver, request, requirement)),
  ...poolChecks(host, driver, request),
  checkVariant(host, driver, request),
  checkName(host, driver, request),
  ...(driver.healthy || driver.networks.length > 0 ? networkChecks(host, driver, request, networks) : []),
];
