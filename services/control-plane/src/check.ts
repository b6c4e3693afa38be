import type { WorkloadRow } from '@innkeeper/inventory';
import {
  findImage,
  InnkeeperError,
  isAdopted,
  knownImages,
  type PlacementRecord,
  type SpecField,
  specChanges,
  type WorkloadSpec,
} from '@innkeeper/model';
import { decide } from '@innkeeper/placement';
import { chooseTarget } from './backups/targets.ts';
import type { Control } from './control.ts';
import { isForeign, lostReason } from './foreign.ts';
import { type Known, readKnown, requestOf, snapshotOf } from './snapshot.ts';
import { checkSchedule } from './snapshots/slots.ts';
import { checkUserData } from './user-data.ts';

/** Fields that are not about the guest itself, or only about when it runs. */
const changeableOfAdopted: ReadonlySet<SpecField> = new Set<SpecField>([
  'project',
  'description',
  'labels',
  'power',
  'autostart',
  'restart',
  'dependsOn',
  'readiness',
  'protect',
]);

const checkAdoptedChange = (name: string, from: WorkloadSpec, to: WorkloadSpec): void => {
  const blocked = specChanges(from, to).filter(({ field }) => !changeableOfAdopted.has(field));
  if (blocked.length === 0) return;
  const fields = blocked.map(({ field }) => field).join(', ');
  throw new InnkeeperError('conflict', `${name} was adopted, and ${fields} of it cannot be changed here`, {
    hint: `its own tools can change that; ${[...changeableOfAdopted].join(', ')} can be changed here`,
    complaints: blocked.map(({ field }) => ({
      path: `workloads.${name}.${field}`,
      message: 'what an adopted guest is stays as its owner made it',
    })),
  });
};

/** Nothing can be made from what stands for the image of an adopted guest. */
export const checkMakeable = (name: string, spec: WorkloadSpec): void => {
  if (!isAdopted(spec)) return;
  throw new InnkeeperError('invalid', `There is no adopted workload ${name}`, {
    hint: `inn adopt GUEST --as ${name} takes over one that is there; anything else needs an image to be made from`,
    complaints: [
      { path: `workloads.${name}.image`, message: `"${spec.image}" stands for a guest that was there before` },
    ],
  });
};

/** Names in two parts, such as alpine/3.20, are those by which this server calls what it builds of most distributions. */
const howToBring = (image: string): string =>
  image.includes('/')
    ? `inn image pull https://images.linuxcontainers.org ${image} fetches it if that server has it`
    : 'inn image import brings others';

/** Throws `invalid` for an image that no host has and nothing comes with: a name that was misspelt, or not imported yet. */
export const checkImage = ({ hosts }: Pick<Known, 'hosts'>, name: string, spec: WorkloadSpec): void => {
  if (findImage(spec.image)?.source.kind !== 'stored') return;
  const reports = hosts.flatMap(({ drivers }) => drivers).filter(({ placeable, healthy }) => placeable && healthy);
  // Who cannot be asked may have it.
  if (reports.length === 0 || reports.some(({ images }) => images.includes(spec.image))) return;
  const known = [...new Set([...knownImages().map((one) => one.name), ...reports.flatMap(({ images }) => images)])];
  throw new InnkeeperError('invalid', `workloads.${name}.image: there is no image "${spec.image}"`, {
    hint: `there are ${known.sort().join(', ')}; ${howToBring(spec.image)}`,
    complaints: [{ path: `workloads.${name}.image`, message: `there is no image "${spec.image}"` }],
  });
};

type Existing = Pick<WorkloadRow, 'name' | 'spec' | 'placed'>;

const checkMadeChange = ({ name, spec: from, placed }: Existing, to: WorkloadSpec): void => {
  const blocked = specChanges(from, to, placed?.backend).filter(({ cost }) => cost === 'recreate');
  if (blocked.length === 0) return;
  const fields = blocked.map(({ field }) => field);
  if (fields.includes('volumes'))
    throw new InnkeeperError('conflict', `${name}: a volume only grows`, {
      hint: 'leave its size as it is, ask for more, or add another volume',
      complaints: [{ path: `workloads.${name}.volumes`, message: 'a volume only grows' }],
    });
  if (fields.every((field) => field === 'disk'))
    throw new InnkeeperError(
      'conflict',
      `${name}: a disk only grows, and it is larger than ${to.disk ?? 'the default'}`,
      {
        hint: 'leave disk as it is, or ask for more',
        complaints: [{ path: `workloads.${name}.disk`, message: 'a disk only grows' }],
      },
    );
  throw new InnkeeperError(
    'conflict',
    `${name} exists, and ${fields.join(', ')} cannot be changed on a guest that exists`,
    {
      hint: `inn rm ${name}, then apply again; its disk goes with it`,
      complaints: blocked.map(({ field }) => ({
        path: `workloads.${name}.${field}`,
        message: 'changing it means making the guest again',
      })),
    },
  );
};

/** Throws `conflict` when a change cannot be made to a guest that exists. */
export const checkChange = (existing: Existing, to: WorkloadSpec): void =>
  isAdopted(existing.spec) ? checkAdoptedChange(existing.name, existing.spec, to) : checkMadeChange(existing, to);

/** Throws `conflict` for a name that a guest of somebody else, or one that was adopted under another name, has on some host. */
export const checkForeignName = ({ installation }: Control, { guests, workloads }: Known, name: string): void => {
  const called = guests.filter(({ observation }) => observation.name === name);
  const adopter = workloads.find(
    ({ id, placed }) => placed?.guestName === name && called.some(({ uuid }) => uuid === id),
  );
  if (adopter !== undefined)
    throw new InnkeeperError('conflict', `the guest of ${adopter.name} is called ${name} on ${adopter.placed?.host}`, {
      hint: 'choose another name',
      complaints: [{ path: `workloads.${name}`, message: 'the name is taken by the guest of another workload' }],
    });
  const taken = called.find((guest) => isForeign(guest, installation));
  if (taken === undefined) return;
  const lost = lostReason(taken, installation);
  if (lost !== undefined)
    throw new InnkeeperError('conflict', `the guest ${name} on ${taken.host} ${lost}`, {
      complaints: [
        { path: `workloads.${name}`, message: 'the name is taken by a guest that the inventory does not know' },
      ],
    });
  throw new InnkeeperError('conflict', `a guest called ${name} that Innkeeper did not create is on ${taken.host}`, {
    hint: 'choose another name; foreign guests are never touched',
    complaints: [{ path: `workloads.${name}`, message: 'the name is taken by a foreign guest' }],
  });
};

/** Throws `conflict` for a name that a workload or a foreign guest has, other than the guest it is for. */
export const checkNewName = async (control: Control, name: string, guest?: string): Promise<void> => {
  const known = await readKnown(control.inventory.db);
  const guests = known.guests.filter(({ uuid }) => uuid !== guest);
  checkForeignName(control, { ...known, guests }, name);
  if (known.workloads.some((row) => row.name === name))
    throw new InnkeeperError('conflict', `There is a workload called ${name} already`, {
      hint: 'choose another name',
      complaints: [{ path: 'name', message: 'the name is taken' }],
    });
};

const unplaceable = (name: string, record: PlacementRecord): InnkeeperError =>
  new InnkeeperError('unplaceable', record.reason, {
    hint: `inn plan shows every candidate with every check for ${name}`,
  });

/** One that fits nowhere is refused, unless time or room could help: then it waits. */
export const checkPlaceable = (name: string, record: PlacementRecord): void => {
  if (record.winner === undefined && record.waitsFor === undefined) throw unplaceable(name, record);
};

/** Everything that can be refused before anything is stored: the same decision as a real placement, with nothing claimed. */
export const checkWorkload = async (control: Control, name: string, spec: WorkloadSpec): Promise<void> => {
  checkUserData(name, spec);
  checkSchedule(name, spec);
  if (spec.backups !== undefined) await chooseTarget(control, spec.backups.to);
  const known = await readKnown(control.inventory.db);
  const row = known.workloads.find((one) => one.name === name);
  // What exists keeps its place and its claims.
  if (row !== undefined && row.placed !== null) return checkChange(row, spec);
  checkMakeable(name, spec);
  checkImage(known, name, spec);
  checkForeignName(control, known, name);
  checkPlaceable(name, decide(snapshotOf(known, control.installation), requestOf(name, spec)));
};
