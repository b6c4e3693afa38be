import {
  type Capability,
  type DeviceView,
  type DriverReport,
  type Finding,
  formatSize,
  type HostView,
} from '@innkeeper/model';
import { checkFormat, printItems } from './output.ts';
import { green, plain, red, yellow } from './style.ts';

const marks = { ok: green('✓'), note: '·', warning: yellow('!'), error: red('✗') } as const;

/** What the doctor found, a line or two each. */
const findingsText = (findings: readonly Finding[]): string =>
  findings
    .map(
      ({ check, level, text, fix }) =>
        `${marks[level]} ${check}: ${plain(text)}${fix === undefined ? '' : `\n    → ${fix}`}`,
    )
    .join('\n');

/** In the format that was asked for; the exit code says whether something is broken. */
export const printFindings = async (output: string, findings: readonly Finding[]): Promise<void> => {
  await printItems(
    checkFormat(output),
    findings,
    ({ check }) => check,
    () => findingsText(findings),
  );
  if (findings.some(({ level }) => level === 'error')) process.exitCode = 1;
};

export const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

const capabilityText = (name: string, { value, evidence }: Capability): string =>
  `    ${name}: ${Array.isArray(value) ? value.join(', ') : String(value)} (${plain(evidence)})`;

const heldText = ({ state, holders }: DeviceView): string =>
  holders.length === 0 ? state : `${state === 'in-use' ? 'in use by' : 'held by'} ${holders.map(plain).join(', ')}`;

const deviceText = (device: DeviceView): string =>
  `device ${plain(device.key)}: ${plain(device.title)}, ${heldText(device)}`;

const driverText = ({ driver, healthy, reason, versions, capabilities, networks }: DriverReport): string =>
  [
    `driver ${driver}: ${healthy ? green('works') : red(plain(reason ?? 'does not work'))}`,
    ...Object.entries(versions).map(([what, version]) => `    ${what} ${plain(version)}`),
    ...Object.entries(capabilities).map(([name, one]) => capabilityText(name, one)),
    ...networks.map(
      ({ name, active, gateway, prefix }) =>
        `    network ${plain(name)}: ${active ? 'active' : 'not active'}${gateway === undefined ? '' : `, ${gateway}/${prefix ?? ''}`}`,
    ),
  ].join('\n');

const machineText = ({ machine }: HostView): string[] =>
  machine === undefined
    ? []
    : [
        `machine:  ${plain(machine.hostname)}, ${plain(machine.arch)}, Linux ${plain(machine.kernel)}`,
        `disk:     ${formatSize(machine.diskFreeBytes)} of ${formatSize(machine.diskTotalBytes)} free`,
      ];

/** With why, and since when. */
const stateText = ({ state, maintenance, silentSince, confirmedDead }: HostView): string =>
  [
    state,
    ...(maintenance === undefined ? [] : [`in maintenance: ${plain(maintenance)}`]),
    ...(silentSince === undefined ? [] : [`no answer since ${silentSince}; nothing is started in place of its guests`]),
    ...(confirmedDead === undefined ? [] : [`${plain(confirmedDead.by)} said at ${confirmedDead.at} that it was dead`]),
  ].join(', ');

/** Everything about one host, as people read it. */
export const hostText = (host: HostView): string => {
  const { capacity } = host;
  return [
    `name:     ${host.name}`,
    `address:  ${host.address}`,
    `state:    ${stateText(host)}`,
    `labels:   ${labelsText(host.labels) || 'none'}`,
    `names:    ${host.guestNames}`,
    ...machineText(host),
    `cpus:     ${capacity.claimed.cpus} promised of ${capacity.cpus} × ${capacity.cpuRatio}`,
    `memory:   ${formatSize(capacity.claimed.memoryBytes)} promised of ${formatSize(capacity.memoryBytes)} × ${capacity.memoryRatio}`,
    `foreign:  ${capacity.foreign.cpus} cpus and ${formatSize(capacity.foreign.memoryBytes)} used by guests that Innkeeper did not create`,
    `images:   ${host.images.join(', ') || 'none yet'}`,
    ...host.drivers.map(driverText),
    ...host.devices.map(deviceText),
  ].join('\n');
};
