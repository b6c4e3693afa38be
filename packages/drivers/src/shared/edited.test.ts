import { fc, test } from '@fast-check/vitest';
import { type GuestOrder, ownershipOf } from '@innkeeper/driver-contract';
import { describeDomain } from '@innkeeper/libvirt';
import { completeSpec, pathsUnder, type WorkloadSpec } from '@innkeeper/model';
import { expect, it } from 'vitest';
import { machineXml } from '../kvm/xml.ts';
import { containerXml } from '../lxc/plan.ts';
import type { Definition } from './definition.ts';
import { editedOf } from './edited.ts';

const paths = pathsUnder('/tmp/innkeeper-test-edited');
const uuid = '4f1c1a52-5a0e-4f0e-8a63-0c9c54a3b6de';

const definitionOf = (stored: WorkloadSpec): Definition => {
  const order: Omit<GuestOrder, 'report'> = {
    name: 'test-edited',
    uuid,
    spec: completeSpec(stored),
    stored,
    ownership: { installation: uuid, workloadId: uuid, generation: 1 },
    claims: { uidStart: 0x2000_0000, networks: [] },
  };
  return order;
};

const writers: Readonly<Record<string, (definition: Definition) => string>> = {
  container: (definition) => containerXml(definition, paths),
  machine: (definition) => machineXml(definition, paths, 'kvm', undefined),
  'emulated machine': (definition) => machineXml(definition, paths, 'tcg', undefined),
};

const edited = (stored: WorkloadSpec, xml: string) => editedOf(ownershipOf(definitionOf(stored)), describeDomain(xml));

test.prop([
  fc.constantFrom(...Object.keys(writers)),
  fc.integer({ min: 1, max: 64 }),
  fc.integer({ min: 2 ** 26, max: 2 ** 40 }),
])('nothing that Innkeeper writes itself is an edit', (kind, cpus, bytes) => {
  const stored: WorkloadSpec = { image: 'debian/12', cpus, memory: `${bytes}B` };
  const xml = writers[kind]?.(definitionOf(stored)) ?? '';
  expect(edited(stored, xml)).toBeUndefined();
  // As a running one says it: QEMU was given whole MiB.
  const rounded = xml.replaceAll(/(<(?:memory|currentMemory) unit="KiB">)(\d+)/g, (_all, tag: string, kib: string) =>
    [tag, Math.ceil(Number(kib) / 1024) * 1024].join(''),
  );
  expect(edited(stored, rounded)).toBeUndefined();
});

it.each([
  ['container', /<vcpu>2</, '<vcpu>4<', { cpus: 4 }],
  ['container', /<quota>200000</, '<quota>50000<', { cpus: 0.5 }],
  ['container', /<hard_limit unit="KiB">\d+/, '<hard_limit unit="KiB">131072', { memoryBytes: 2 ** 27 }],
  ['container', /<memory unit="KiB">\d+/, '<memory unit="KiB">131072', { memoryBytes: 2 ** 27 }],
  ['machine', /<vcpu current="2">/, '<vcpu current="1">', { cpus: 1 }],
  ['machine', /<currentMemory unit="KiB">\d+/, '<currentMemory unit="KiB">131072', { memoryBytes: 2 ** 27 }],
  ['emulated machine', /<vcpu>1</, '<vcpu>3<', { cpus: 3 }],
] as const)('of a %s, %s made %s is one', (kind, from, to, said) => {
  const stored: WorkloadSpec = { image: 'debian/12', cpus: 2, memory: '512MiB' };
  const xml = writers[kind]?.(definitionOf(stored)) ?? '';
  expect(xml).toMatch(from);
  expect(edited(stored, xml.replace(from, to))).toEqual(said);
});

it('of a guest that was adopted, only what acts counts', () => {
  const stored: WorkloadSpec = { image: 'debian/12', cpus: 2, memory: '512MiB' };
  const xml = `<domain type="kvm"><uuid>${uuid}</uuid><memory unit="GiB">2</memory><currentMemory unit="MiB">512</currentMemory>
    <vcpu>2</vcpu><devices><disk><source file="/srv/web.qcow2"/><target dev="vda"/></disk></devices></domain>`;
  expect(edited(stored, xml)).toBeUndefined();
  expect(edited(stored, xml.replace('>512<', '>256<'))).toEqual({ memoryBytes: 2 ** 28 });
});
