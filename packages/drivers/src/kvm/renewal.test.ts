import { completeSpec, type WorkloadSpec } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../shared/definition.ts';
import { copySeed } from './renewal.ts';

const uuid = '11111111-2222-3333-4444-555555555555';
const machine = (parts: Partial<WorkloadSpec>): Definition => {
  const stored: WorkloadSpec = { image: 'debian/12', backend: 'kvm', ...parts };
  return {
    name: 'web-test',
    uuid,
    spec: completeSpec(stored),
    stored,
    ownership: { installation: 'i', workloadId: 'w', generation: 1 },
    claims: { uidStart: 0, networks: [] },
  };
};
const cloudInit = { hostname: 'shop', commands: ['mkfs.ext4 /dev/vdb'], packages: ['nginx'] };
const instance = { 'instance-id': uuid, 'local-hostname': 'web-test' };

describe('a machine that begins with what another one has written', () => {
  it.each([
    ['says nothing of a first boot', {}],
    ['had the other one format a volume', { cloudInit }],
  ])('is told who it is and nothing else when its manifest %s', (_title, parts) => {
    const seed = copySeed(machine(parts), 'web', true);
    expect(JSON.parse(seed?.['meta-data'] ?? '')).toEqual(instance);
    const [first, ...config] = (seed?.['user-data'] ?? '').split('\n');
    expect(first).toBe('#cloud-config');
    const { bootcmd, ...rest } = JSON.parse(config.join('\n')) as { bootcmd: string[][] };
    expect(rest).toEqual({
      hostname: 'web-test',
      cloud_init_modules: ['bootcmd'],
      cloud_config_modules: [],
      cloud_final_modules: [],
    });
    expect(bootcmd).toHaveLength(1);
    expect(bootcmd[0]?.slice(0, 5)).toEqual(['cloud-init-per', 'instance', 'innkeeper-identity', 'sh', '-ec']);
    expect(bootcmd[0]?.slice(-3)).toEqual([uuid.replaceAll('-', ''), 'web-test', 'web']);
  });

  it('is told nothing where nobody inside would read it', () => {
    expect(copySeed(machine({ image: 'windows/11' }), 'web', true)).toBeUndefined();
  });
});

describe('a machine that begins with what another one has never written to', () => {
  it('has its first boot before it, and is told what its manifest says', () => {
    const seed = copySeed(machine({ cloudInit }), 'web', false);
    expect(JSON.parse(seed?.['meta-data'] ?? '')).toEqual({ ...instance, 'local-hostname': 'shop' });
    expect(seed?.['user-data']).toContain('mkfs.ext4');
  });

  it('is told nothing when that says nothing', () => {
    expect(copySeed(machine({}), 'web', false)).toBeUndefined();
  });
});
