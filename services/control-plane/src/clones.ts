import { randomUUID } from 'node:crypto';
import {
  findSnapshot,
  insertWorkload,
  listHosts,
  lockWorkload,
  type OperationRow,
  unfinishedOf,
  type WorkloadRow,
} from '@innkeeper/inventory';
import {
  completeSpec,
  InnkeeperError,
  isAdopted,
  type NewClone,
  portText,
  publicationsOf,
  type WorkloadSpec,
} from '@innkeeper/model';
import { decide } from '@innkeeper/placement';
import { type Asker, begin, hashOf, notFound, repeated } from './asker.ts';
import { checkNewName, checkPlaceable } from './check.ts';
import { type Control, driverOf } from './control.ts';
import { type CloneOf, placedBeside } from './operations/origin.ts';
import { actionable } from './requests.ts';
import { readKnown, requestOf, snapshotOf } from './snapshot.ts';
import { notWhole, snapshotNotFound } from './snapshots/requests.ts';

/** What there can be only one of is the other one's: addresses, ports of the host. Nobody has said that the new one is protected. */
export const specOfAnother = (spec: WorkloadSpec, power: NewClone['power'] = 'running'): WorkloadSpec => {
  const { protect, networks, power: before, ...rest } = spec;
  return {
    ...rest,
    ...(power === 'running' ? {} : { power }),
    ...(networks === undefined ? {} : { networks: networks.map(({ mac, address, ports, ...network }) => network) }),
  };
};

const requireCapable = async (control: Control, { name, placed }: WorkloadRow): Promise<void> => {
  if (placed === null) throw notFound(name);
  const { host, driver } = placed;
  if (driverOf(control, host, driver).clone !== undefined) return;
  const report = (await listHosts(control.inventory.db))
    .find((one) => one.name === host)
    ?.drivers.find((one) => one.driver === driver);
  const why = report?.capabilities.clone?.reasonIfAbsent ?? `the driver ${driver} makes none`;
  throw new InnkeeperError('unsupported', `There are no clones of ${name}: ${why}`);
};

const checkSource = async (control: Control, row: WorkloadRow): Promise<void> => {
  if (isAdopted(row.spec))
    throw new InnkeeperError('conflict', `${row.name} was adopted: what it stands on is its owner's`, {
      hint: 'its own tools can copy it',
    });
  await requireCapable(control, row);
};

const snapshotFor = async (
  tx: Parameters<typeof findSnapshot>[0],
  { id, name }: WorkloadRow,
  snapshot: string | undefined,
): Promise<CloneOf['snapshot']> => {
  if (snapshot === undefined) return undefined;
  const found = await findSnapshot(tx, id, snapshot);
  if (found === undefined) throw snapshotNotFound(name, snapshot);
  if (found.state !== 'ready') throw notWhole(found, name);
  return { id: found.id, name: found.name };
};

/**
 * A workload that begins with a copy of what another one holds, or held in a snapshot, on the same host, with the same specification but
 * for addresses, published ports and `protect`. Throws `conflict` for a name that is taken, `unsupported` with the words of a driver
 * that makes no clones.
 */
export const cloneRequest = async (
  control: Control,
  name: string,
  asked: NewClone,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('clone', name, asked);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  await actionable(control, name, 'clone');
  const to = asked.name;
  await checkNewName(control, to);
  return control.inventory.transaction(async (tx) => {
    // In one order, whichever is cloned into which.
    const rows = new Map<string, WorkloadRow | undefined>();
    for (const one of [name, to].sort()) rows.set(one, await lockWorkload(tx, one));
    const row = rows.get(name);
    if (row?.placed == null) throw notFound(name);
    if (rows.get(to) !== undefined) throw new InnkeeperError('conflict', `There is a workload called ${to} already`);
    await checkSource(control, row);
    const going = (await unfinishedOf(tx, row.id)).find(({ kind }) => kind === 'remove');
    if (going !== undefined) throw new InnkeeperError('busy', `${name} is being removed`);
    const ports = publicationsOf(completeSpec(row.spec).networks).map(portText);
    const snapshot = await snapshotFor(tx, row, asked.snapshot);
    const { host, driver, backend } = row.placed;
    const origin: CloneOf = { id: row.id, name, place: { host, driver, backend }, snapshot, ports };
    const spec = specOfAnother(row.spec, asked.power);
    const known = await readKnown(tx);
    const request = { ...requestOf(to, spec), ...placedBeside({ origin }) };
    checkPlaceable(to, decide(snapshotOf(known, control.installation), request));
    const id = randomUUID();
    await insertWorkload(tx, { id, name: to, spec });
    return begin(tx, 'clone', { id, name: to }, asker, hash, { memory: { origin }, after: spec });
  });
};
