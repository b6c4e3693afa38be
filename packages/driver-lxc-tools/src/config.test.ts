import { fc, test } from '@fast-check/vitest';
import { completeSpec, InnkeeperError } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { containerConfig } from './config.ts';
import type { Definition } from './definition.ts';
import { configEntries, readConfigFacts } from './facts.ts';
import { changedLimits } from './reconfigure.ts';

const stored = { image: 'debian/12', backend: 'lxc' } as const;
const uuid = '4f1c1a52-5a0e-4f0e-8a63-0c9c54a3b6de';
const address = { ip: '192.168.122.9', prefix: 24, gateway: '192.168.122.1' };

const definition = (parts: Partial<Definition> = {}): Definition => ({
  name: 'wiki',
  uuid,
  spec: { ...completeSpec(stored), cpus: 2, memoryBytes: 2 ** 29 },
  stored,
  ownership: { installation: uuid, workloadId: uuid, generation: 1 },
  claims: { uidStart: 0x2000_0000, networks: [{ network: 'default', mac: '52:54:00:00:00:01', address }] },
  bridges: { default: 'virbr0' },
  ...parts,
});

const root = '/var/lib/innkeeper/roots/x/root';

describe('a config', () => {
  it.each([1, 2] as const)('says with cgroup v%i what is read from it', (layout) => {
    expect(readConfigFacts(containerConfig(definition(), root, layout))).toEqual({
      cpus: 2,
      memoryBytes: 2 ** 29,
      addresses: ['192.168.122.9'],
      macs: ['52:54:00:00:00:01'],
      idRanges: [{ start: 0x2000_0000, count: 65_536 }],
      autostart: false,
      disks: [{ target: '/', source: root, readonly: false }],
      devices: [],
    });
  });

  it('has an empty network of its own without a claim', () => {
    const text = containerConfig(definition({ claims: { uidStart: 1, networks: [] } }), root, 2);
    expect(text).toContain('lxc.net.0.type = empty');
  });

  it('differs in limits only when nothing else does', () => {
    const before = containerConfig(definition(), root, 2);
    const spec = { ...definition().spec, memoryBytes: 2 ** 30 };
    expect(changedLimits(before, containerConfig(definition({ spec }), root, 2))).toEqual([
      ['lxc.cgroup2.memory.max', String(2 ** 30)],
    ]);
    expect(changedLimits(before, containerConfig(definition({ name: 'other' }), root, 2))).toBeUndefined();
    expect(changedLimits(before, `${before}lxc.start.auto = 1\n`)).toBeUndefined();
  });

  it('is read as people write it, without limits', () => {
    const text = '# by hand\nlxc.uts.name=a\n  lxc.net.0.hwaddr =  00:16:3E:00:00:01\nlxc.cgroup2.memory.max = 512M\n';
    expect(readConfigFacts(text)).toMatchObject({ cpus: undefined, memoryBytes: 2 ** 29, macs: ['00:16:3e:00:00:01'] });
    expect(readConfigFacts('lxc.cgroup2.memory.max = max').memoryBytes).toBeUndefined();
  });
});

const keysOf = (text: string): string[] => configEntries(text).map(([key]) => key);
const known = keysOf(containerConfig(definition(), root, 2));

test.prop([fc.string(), fc.constantFrom('name', 'mac', 'ip', 'gateway', 'bridge', 'root')])(
  'no value of an order can add, end or change another line',
  (value, place) => {
    const claimed = { network: 'default', mac: '52:54:00:00:00:01', address };
    const changed = {
      ...claimed,
      ...(place === 'mac' ? { mac: value } : {}),
      address: { ...address, ...(place === 'ip' || place === 'gateway' ? { [place]: value } : {}) },
    };
    const order = definition({
      ...(place === 'name' ? { name: value } : {}),
      ...(place === 'bridge' ? { bridges: { default: value } } : {}),
      claims: { uidStart: 0x2000_0000, networks: [changed] },
    });
    try {
      expect(keysOf(containerConfig(order, place === 'root' ? `/${value}` : root, 2))).toEqual(known);
    } catch (error) {
      if (!(error instanceof InnkeeperError)) throw error;
      expect(error.code).toBe('unsupported');
    }
  },
);
