import { completeSpec, type WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../shared/definition.ts';
import { hasFirstBoot, machineSeed, networkConfigWords, unservedWarnings } from './first-boot.ts';

const address = { ip: '192.168.1.50', prefix: 24, gateway: '192.168.1.1' };
const machine = (image: string, unserved: boolean, parts: Partial<WorkloadSpec> = {}): Definition => {
  const stored: WorkloadSpec = { image, backend: 'kvm', ...parts };
  return {
    name: 'web',
    uuid: '11111111-2222-3333-4444-555555555555',
    spec: completeSpec(stored),
    stored,
    ownership: { installation: 'i', workloadId: 'w', generation: 1 },
    claims: {
      uidStart: 0,
      networks: [
        { network: 'lan', mac: '52:54:00:00:00:01', address: { ...address, ...(unserved ? { unserved } : {}) } },
        { network: 'default', mac: '52:54:00:00:00:02', address: { ...address, ip: '192.168.122.9' } },
      ],
    },
  };
};

describe('a machine with an address that no DHCP server gives', () => {
  it('is told it by cloud-init, which it would not run otherwise', () => {
    const definition = machine('debian/12', true);
    const [word = '', ...others] = networkConfigWords(definition);
    expect(others).toEqual([]);
    expect(word).toMatch(/^network-config=[A-Za-z0-9+/=]+$/);
    expect(JSON.parse(Buffer.from(word.split('=')[1] ?? '', 'base64').toString())).toEqual({
      version: 1,
      config: [
        {
          type: 'physical',
          name: 'eth0',
          mac_address: '52:54:00:00:00:01',
          subnets: [
            {
              type: 'static',
              address: '192.168.1.50/24',
              gateway: '192.168.1.1',
              dns_nameservers: ['192.168.1.1'],
            },
          ],
        },
      ],
    });
    expect(machineSeed(definition)?.['user-data']).toContain('"hostname": "web"');
    expect(unservedWarnings(definition)).toEqual([
      "network lan: the address 192.168.1.50 is set at the machine's first boot; a later change of it is made inside",
    ]);
  });

  it('and an empty disk is told nothing, which is said', () => {
    const definition = machine('windows/11', true);
    expect([hasFirstBoot(definition), machineSeed(definition), networkConfigWords(definition)]).toEqual([
      false,
      undefined,
      [],
    ]);
    expect(unservedWarnings(definition)).toEqual([expect.stringContaining('is reserved, and set inside by hand')]);
  });
});

it('a machine whose addresses a DHCP server gives is told nothing', () => {
  const definition = machine('debian/12', false);
  expect([hasFirstBoot(definition), machineSeed(definition), networkConfigWords(definition)]).toEqual([
    false,
    undefined,
    [],
  ]);
  expect(unservedWarnings(definition)).toEqual([]);
});
