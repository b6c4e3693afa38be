import type { CheckResult } from '@innkeeper/model';
import type { HostSnapshot, PlacementRequest, Snapshot } from '../snapshot.ts';
import { failed, failedForNow, passed } from './check.ts';

const stateText: Readonly<Record<HostSnapshot['state'], string>> = {
  up: 'is up',
  suspect: 'has not answered for some seconds',
  unreachable: 'does not answer',
  draining: 'is being emptied',
  quarantined: 'was said to be dead and is back: what is there has to be looked at first',
};

/** Three reports are missing by then. */
const oldestReportMs = 15 * 60_000;

const checkUp = ({ name, state, maintenance }: HostSnapshot): CheckResult => {
  const why = state === 'draining' && maintenance !== undefined ? ` (${maintenance})` : '';
  const verdict = { have: state, text: `${name} ${stateText[state]}${why}` };
  return state === 'up' ? passed('host-up', 'up', verdict) : failedForNow('host-up', 'up', 'host_not_up', verdict);
};

const checkReport = ({ name, reportAgeMs }: HostSnapshot): CheckResult => {
  const minutes = Math.floor(reportAgeMs / 60_000);
  const need = `at most ${oldestReportMs / 60_000} minutes old`;
  return reportAgeMs <= oldestReportMs
    ? passed('report', need, { have: `${minutes} minutes`, text: `${name} has reported lately` })
    : failedForNow('report', need, 'report_stale', {
        have: `${minutes} minutes`,
        text: `the last report of ${name} is ${minutes} minutes old: what it has free is not known`,
      });
};

const checkPinned = ({ name }: HostSnapshot, { spec }: PlacementRequest): CheckResult => {
  const wanted = spec.host;
  if (wanted === undefined) return passed('host', 'any', { have: name, text: 'any host will do' });
  return wanted === name
    ? passed('host', wanted, { have: name, text: `${wanted} was asked for` })
    : failed('host', wanted, 'host_excluded', { have: name, text: `the manifest asks for the host ${wanted}` });
};

const shownLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ') || 'none';

const checkLabels = ({ name, labels }: HostSnapshot, { spec }: PlacementRequest): CheckResult => {
  const missing = Object.entries(spec.hostLabels).filter(([key, value]) => labels[key] !== value);
  const need = shownLabels(spec.hostLabels);
  const have = shownLabels(labels);
  if (missing.length === 0)
    return passed('host-labels', need, {
      have,
      text: need === 'none' ? 'no labels were asked for' : `${name} has ${need}`,
    });
  const text = `the manifest asks for a host with ${shownLabels(Object.fromEntries(missing))}; ${name} has ${have}`;
  return failed('host-labels', need, 'host_labels_differ', { have, text });
};

export const hostChecks = (host: HostSnapshot, request: PlacementRequest): CheckResult[] => [
  checkUp(host),
  checkReport(host),
  checkPinned(host, request),
  checkLabels(host, request),
];

/** The same for every candidate: what a workload depends on has to be there first. */
export const dependencyChecks = ({ spec }: PlacementRequest, snapshot: Snapshot): CheckResult[] =>
  spec.dependsOn.map(({ workload, until }) => {
    const other = snapshot.workloads.find(({ name }) => name === workload);
    const check = `depends:${workload}`;
    const isReady = other?.running === true && other.ready !== false;
    const running = isReady && until === 'ready' ? 'ready' : 'running';
    const have = other === undefined ? 'not there' : other.running ? running : 'not running';
    if (until === 'ready' ? isReady : other?.running === true)
      return passed(check, until, { have, text: `${workload} is ${have}` });
    const notReady = other?.running === true ? 'running and not ready yet' : have;
    const code = other?.running === true ? 'dependency_not_ready' : 'dependency_not_running';
    return failedForNow(check, until, code, { have, text: `it depends on ${workload}, which is ${notReady}` });
  });
