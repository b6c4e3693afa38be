import { buildXml, describeDomain, el } from '@innkeeper/libvirt';
import { expect, it } from 'vitest';
import { bandwidthElement, limitMapping, limitOf } from './bandwidth.ts';

it.each([
  [undefined, undefined],
  ['1kB', 1],
  ['1500B', 1],
  ['10MB', 10_000],
  ['1MiB', 1048],
] as const)('a limit of %s is %s kilobytes a second for libvirt', (limit, kilobytes) =>
  expect(limitOf(limit === undefined ? {} : { limit })).toBe(kilobytes),
);

it('an interface without a limit has no element, one with a limit is read as it was written', () => {
  expect(bandwidthElement({})).toBe(false);
  const device = el('interface', { type: 'network' }, bandwidthElement({ limit: '10MB' }));
  const xml = buildXml(el('domain', { type: 'lxc' }, el('name', {}, 'test-x'), el('devices', {}, device)));
  expect(describeDomain(xml).interfaces[0]?.bandwidth).toEqual({ inbound: 10_000, outbound: 10_000 });
});

it('a plan says what each limit is', () => {
  expect(limitMapping([{ network: 'default', limit: '10MiB' }, { network: 'other' }])).toEqual([
    'network default: at most 10MiB a second each way',
  ]);
});
