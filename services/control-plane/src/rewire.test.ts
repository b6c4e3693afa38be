import { describe, expect, it } from 'vitest';
import { matchInterfaces } from './rewire.ts';

const held = (network: string, last: number) => ({
  network,
  mac: `52:54:00:00:00:0${last}`,
  address: `192.168.122.${last}`,
});

const one = held('default', 1);
const two = held('default', 2);
const lab = held('lab', 3);

const macs = (rows: readonly ({ readonly mac: string } | undefined)[]) => rows.map((row) => row?.mac);

describe('the interfaces that a guest keeps', () => {
  it('are all of them when nothing else is asked for', () => {
    expect(matchInterfaces([{ network: 'default' }, { network: 'lab' }], [one, lab])).toEqual([one, lab]);
  });

  it('are found by their network, whatever the order', () => {
    expect(matchInterfaces([{ network: 'lab' }, { network: 'default' }], [one, lab])).toEqual([lab, one]);
  });

  it('leave the last of a network without a place when one is taken away', () => {
    expect(matchInterfaces([{ network: 'default' }], [one, two])).toEqual([one]);
  });

  it('are chosen first by those that ask for an address or a MAC', () => {
    const wanted = [{ network: 'default' }, { network: 'default', address: one.address }];
    expect(macs(matchInterfaces(wanted, [one, two]))).toEqual([two.mac, one.mac]);
    expect(macs(matchInterfaces([{ network: 'default', mac: two.mac }], [one, two]))).toEqual([two.mac]);
  });

  it('are none for another address, another MAC, or another network', () => {
    expect(matchInterfaces([{ network: 'default', address: '192.168.122.9' }], [one])).toEqual([undefined]);
    expect(matchInterfaces([{ network: 'default', mac: '52:54:00:00:00:09' }], [one])).toEqual([undefined]);
    expect(matchInterfaces([{ network: 'lab' }], [one])).toEqual([undefined]);
  });

  it('are not given twice', () => {
    expect(matchInterfaces([{ network: 'default' }, { network: 'default' }], [one])).toEqual([one, undefined]);
  });
});
