import { expect, test } from 'vitest';
import { libvirtUnits, parseShow, unitsToChange } from './units.ts';

const unit = (name: string, enabled = false, active = false) => ({ name, enabled, active });
const names = (units: readonly { name: string }[]): string[] => units.map(({ name }) => name);

test('systemctl show is read block by block, also values with an equals sign', () => {
  const text =
    'Id=libvirtd.service\nLoadState=loaded\nUnitFileState=enabled\nActiveState=inactive\n\nId=virtqemud.socket\nLoadState=not-found\nUnitFileState=\nActiveState=inactive\n';
  expect(parseShow(text)).toEqual([{ name: 'libvirtd.service', enabled: true, active: false }]);
});

test('the monolithic daemon is taken where both are installed and neither runs', () => {
  const units = [unit('libvirtd.service'), unit('libvirtd.socket'), unit('virtqemud.socket'), unit('virtlogd.socket')];
  expect(names(libvirtUnits(units))).toEqual(['libvirtd.service', 'libvirtd.socket', 'virtlogd.socket']);
});

test('modular daemons are taken where they are in use or alone', () => {
  const used = [
    unit('libvirtd.service'),
    unit('virtqemud.socket', true),
    unit('virtlxcd.socket'),
    unit('virtlogd.socket'),
  ];
  expect(names(libvirtUnits(used))).toEqual(['virtqemud.socket', 'virtlxcd.socket', 'virtlogd.socket']);
  expect(names(libvirtUnits([unit('virtqemud.socket')]))).toEqual(['virtqemud.socket']);
});

test('an idle libvirtd behind its listening socket needs no start', () => {
  const idle = [unit('libvirtd.service', true, false), unit('libvirtd.socket', true, true)];
  expect(unitsToChange(idle)).toEqual([]);
  expect(names(unitsToChange([unit('libvirtd.service', true, false)]))).toEqual(['libvirtd.service']);
  expect(names(unitsToChange([unit('libvirtd.service', false, true), unit('libvirtd.socket', true, true)]))).toEqual([
    'libvirtd.service',
  ]);
});
