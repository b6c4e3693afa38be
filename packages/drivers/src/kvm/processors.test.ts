import { buildXml, describeDomain, el } from '@innkeeper/libvirt';
import { processorRoom } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { processorElements } from './processors.ts';

const domain = (count: number, most: number): string => buildXml(el('domain', {}, ...processorElements(count, most)));

describe('the room for processors', () => {
  it.each([
    [1, 8],
    [4, 8],
    [7, 8],
    [8, 16],
    [12, 16],
    [250, 255],
    [255, 255],
    [300, 300],
  ])('of a machine with %i is %i', (cpus, most) => expect(processorRoom(cpus)).toBe(most));
});

describe('the processors of a definition', () => {
  it('are those that it starts with, and those that it can be given', () => {
    expect(describeDomain(domain(2, 8))).toMatchObject({ vcpus: 2, maxVcpus: 8 });
    expect(describeDomain(domain(1, 1))).toMatchObject({ vcpus: 1, maxVcpus: 1 });
  });

  it('can all be taken away but the first', () => {
    expect(domain(2, 3)).toBe(
      '<domain><vcpu current="2">3</vcpu><vcpus><vcpu id="0" enabled="yes" hotpluggable="no"/>' +
        '<vcpu id="1" enabled="yes" hotpluggable="yes"/><vcpu id="2" enabled="no" hotpluggable="yes"/></vcpus></domain>',
    );
  });

  it('are said shortly where there is no room', () => {
    expect(domain(1, 1)).toBe('<domain><vcpu>1</vcpu></domain>');
  });
});
