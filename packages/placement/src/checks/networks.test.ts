import { expect, test } from 'vitest';
import { decide } from '../decide.ts';
import type { OwnNetwork } from '../snapshot.ts';
import { ask, host, lxc, snapshot } from '../testing.ts';

const define = { value: true, evidence: 'networks of libvirt' };
const maker = { ...lxc, capabilities: { ...lxc.capabilities, 'network.define': define, 'network.publish': define } };
const lab: OwnNetwork = { name: 'lab', uuid: 'ours' };

const decideOn = (networks: readonly OwnNetwork[], parts: Parameters<typeof host>[1], project?: string) =>
  decide(
    snapshot([host('h1', { drivers: [maker], ...parts })], { networks }),
    ask({ networks: [{ network: 'lab', ports: ['8080:80'] }], ...(project === undefined ? {} : { project }) }),
  );
const on = (...networks: (typeof maker)['networks']) => ({ drivers: [{ ...maker, networks }] });

test('a network of the inventory is made on a host that does not have it', () => {
  const { winner, candidates } = decideOn([lab], {});
  expect(winner?.host).toBe('h1');
  expect(candidates[0]?.checks.find(({ check }) => check === 'network:lab')?.text).toBe(
    'the network lab is made there',
  );
});

test('it is there where the host has it, running or not', () =>
  expect(decideOn([lab], on({ name: 'lab', uuid: 'ours', active: false, taken: [] })).winner?.host).toBe('h1'));

test.each([
  [
    'another network of its name',
    [lab],
    on({ name: 'lab', uuid: 'theirs', active: true, taken: [] }),
    /h1 has a network lab that Innkeeper did not make/,
  ],
  [
    'a bridge that is gone',
    [{ ...lab, bridge: 'br0' }],
    { bridges: ['virbr0'] },
    /lab is the bridge br0 of the host; h1 has virbr0/,
  ],
  [
    'an interface that is gone',
    [{ ...lab, link: 'eth9' }],
    { links: ['eth0'] },
    /lab is on the interface eth9 of the host; h1 has eth0/,
  ],
  ['another project', [{ ...lab, project: 'shop' }], {}, /lab belongs to the project shop, the workload to default/],
  ['a driver that makes none', [lab], { drivers: [lxc] }, /makes no networks/],
  ['no such network', [], {}, /needs the network lab; h1 has default/],
] as const)('%s is said', (_, networks, parts, message) => {
  const { winner, candidates } = decideOn(networks, parts);
  expect(winner).toBeUndefined();
  expect(
    candidates[0]?.checks
      .filter(({ ok }) => !ok)
      .map(({ text }) => text)
      .join('; '),
  ).toMatch(message);
});

test('its own project may use it', () =>
  expect(decideOn([{ ...lab, project: 'shop' }], {}, 'shop').winner?.host).toBe('h1'));

test('a port of the host that somebody holds is waited for', () => {
  const { waitsFor, reason } = decideOn([lab], { ports: [{ protocol: 'tcp', port: 8080, holder: 'nginx' }] });
  expect(reason).toContain('8080/tcp of h1 is held by nginx');
  expect(waitsFor).toBeDefined();
});

test('the same number of the other protocol is another port', () =>
  expect(decideOn([lab], { ports: [{ protocol: 'udp', port: 8080, holder: 'nginx' }] }).winner?.host).toBe('h1'));
