import type { CheckResult, DriverReport } from '@innkeeper/model';
import type { HostSnapshot, OwnNetwork, PlacementRequest } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';

/** One of ours: it is made where it is missing, unless something of the host stands in the way. */
const checkOwn = (host: HostSnapshot, driver: DriverReport, own: OwnNetwork, project: string): CheckResult => {
  const { name, bridge, link } = own;
  const check = `network:${name}`;
  if (own.project !== undefined && own.project !== project)
    return failed(check, name, 'network_of_another_project', {
      have: `project ${own.project}`,
      text: `the network ${name} belongs to the project ${own.project}, the workload to ${project}`,
    });
  const there = driver.networks.find((one) => one.name === name);
  if (there !== undefined && there.uuid !== own.uuid)
    return failed(check, name, 'network_name_taken', {
      have: 'another one',
      text: `${host.name} has a network ${name} that Innkeeper did not make`,
    });
  if (driver.capabilities['network.define']?.value !== true)
    return failed(check, name, 'network_missing', {
      have: 'cannot be made',
      text: `the driver ${driver.driver} makes no networks, and ${name} is made where it is needed`,
    });
  if (bridge !== undefined && host.bridges?.includes(bridge) === false)
    return failedForNow(check, name, 'bridge_missing', {
      have: host.bridges.join(', ') || 'none',
      text: `the network ${name} is the bridge ${bridge} of the host; ${host.name} has ${host.bridges.join(', ') || 'none'}`,
    });
  if (link !== undefined && host.links?.includes(link) === false)
    return failedForNow(check, name, 'link_missing', {
      have: host.links.join(', ') || 'none',
      text: `the network ${name} is on the interface ${link} of the host; ${host.name} has ${host.links.join(', ') || 'none'}`,
    });
  return there === undefined
    ? passed(check, name, { have: 'to be made', text: `the network ${name} is made there` })
    : passed(check, name, { have: 'there', text: `the network ${name} is there` });
};

const checkForeign = (host: HostSnapshot, { networks }: DriverReport, wanted: string): CheckResult => {
  const found = networks.find(({ name }) => name === wanted);
  const check = `network:${wanted}`;
  if (found === undefined) {
    const have = networks.map(({ name }) => name).join(', ') || 'none';
    return failed(check, wanted, 'network_missing', {
      have,
      text: `it needs the network ${wanted}; ${host.name} has ${have}`,
    });
  }
  return found.active
    ? passed(check, wanted, { have: 'active', text: `the network ${wanted} is active` })
    : failedForNow(check, wanted, 'network_inactive', {
        have: 'not active',
        text: `the network ${wanted} of ${host.name} is not active`,
      });
};

/** A check for each network that is asked for; a guest without interfaces needs none. */
export const networkChecks = (
  host: HostSnapshot,
  driver: DriverReport,
  { spec }: PlacementRequest,
  own: readonly OwnNetwork[],
): CheckResult[] =>
  [...new Set(spec.networks.map(({ network }) => network))].map((wanted) => {
    const ours = own.find(({ name }) => name === wanted);
    return ours === undefined ? checkForeign(host, driver, wanted) : checkOwn(host, driver, ours, spec.project);
  });
