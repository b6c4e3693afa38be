import { type Host, localHost } from '@innkeeper/host';
import { InnkeeperError, pathsUnder } from '@innkeeper/model';
import { imageStore } from '@innkeeper/storage';
import { expect, it } from 'vitest';
import { probeLxc } from './probe.ts';
import { parseRecord } from './record.ts';

/** Stands for a machine without LXC, which the machine of the tests may have. */
const withoutLxc: Host = {
  ...localHost('test'),
  run: async ([program = '']) => {
    throw new InnkeeperError('host_error', `${program} failed (spawn ${program} ENOENT)`);
  },
};

it('a machine without LXC is reported with the reason, not thrown', async () => {
  const images = imageStore(withoutLxc, { paths: pathsUnder('/tmp/innkeeper-test-probe') });
  const report = await probeLxc(withoutLxc, images, { driver: 'lxc-tools', backend: 'lxc', placeable: false });
  expect(report).toMatchObject({
    healthy: false,
    reason: 'LXC does not answer, is the package lxc installed? lxc-start failed (spawn lxc-start ENOENT)',
  });
  expect(report.capabilities.exec?.value).toBe(true);
});

it('a record counts in the folder that it was written into, and only whole', () => {
  const uuid = '4f1c1a52-5a0e-4f0e-8a63-0c9c54a3b6de';
  const ownership = {
    installation: uuid,
    workloadId: uuid,
    generation: 1,
    spec: { image: 'debian/12' },
    claims: { networks: [] },
  };
  const text = JSON.stringify({ name: 'wiki', uuid, adopted: true, ownership });
  expect(parseRecord('wiki', text)).toMatchObject({ uuid, adopted: true });
  for (const [name, content] of [
    ['copy', text],
    ['wiki', text.slice(1)],
    ['wiki', '{}'],
    ['wiki', 'null'],
    ['wiki', undefined],
  ] as const)
    expect(parseRecord(name, content)).toBeUndefined();
});
