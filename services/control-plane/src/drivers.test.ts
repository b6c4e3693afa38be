import { contractVersion, type Driver, type DriverEnvironment, type DriverFactory } from '@innkeeper/driver-contract';
import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { openDrivers } from './drivers.ts';

const environment: DriverEnvironment = {
  host: localHost('test'),
  paths: pathsUnder('/tmp/innkeeper-test-drivers'),
  acceleration: 'auto',
  imageMirror: undefined,
  imageCache: undefined,
};

const factory = (id: string, contract: string = contractVersion): DriverFactory => ({
  id,
  backend: 'lxc',
  open: () => ({ info: () => ({ id, backend: 'lxc', contract, placeable: false }) }) as Driver,
});

/** Packages by name, as they would be in node_modules. */
const shelf: Readonly<Record<string, unknown>> = {
  house: { drivers: [factory('lxc'), factory('kvm')] },
  stranger: { default: [factory('jail')] },
  twin: { drivers: [factory('kvm')] },
  old: { drivers: [factory('old', '0')] },
  empty: { drivers: [] },
  nothing: {},
  odd: { drivers: [{ id: 'odd' }] },
};

const importer = async (name: string): Promise<unknown> => {
  if (!(name in shelf)) throw new Error(`Cannot find package '${name}'`);
  return shelf[name];
};

describe('drivers by the names of their packages', () => {
  it('come from exports named drivers, or the default export, in the order of the setting', async () => {
    expect([...(await openDrivers(['house', 'stranger'], environment, importer)).keys()]).toEqual([
      'lxc',
      'kvm',
      'jail',
    ]);
  });

  it.each([
    ['missing', 'missing cannot be loaded'],
    ['old', `old has the driver old for contract 0; this version speaks ${contractVersion}`],
    ['empty', 'empty exports no list of drivers'],
    ['nothing', 'nothing exports no list of drivers'],
    ['odd', 'odd exports no list of drivers'],
    ['twin', 'twin brings the driver kvm, as house does'],
  ])('are refused, and %s is named', async (name, message) => {
    await expect(openDrivers(['house', name], environment, importer)).rejects.toMatchObject({
      code: 'invalid',
      message: `INNKEEPER_DRIVERS: ${message}`,
    });
  });

  it('are those of the house unless something else is set', async () => {
    const drivers = await openDrivers(['@innkeeper/drivers', '@innkeeper/driver-lxc-tools'], environment);
    expect([...drivers.keys()]).toEqual(['lxc', 'kvm', 'lxc-tools']);
  });
});
