import { describe, expect, it } from 'vitest';
import { resolvedCommands } from './resolved.ts';

const lab = { name: 'lab', bridge: 'virbr1', gateway: '10.80.0.1', domain: 'lab.internal' };

describe('systemd-resolved is told', () => {
  it('to search a network by its bridge, and to ask it nothing else', () => {
    expect(resolvedCommands([lab], [])).toEqual([
      ['resolvectl', 'dns', 'virbr1', '10.80.0.1'],
      ['resolvectl', 'domain', 'virbr1', 'lab.internal'],
      ['resolvectl', 'default-route', 'virbr1', 'no'],
    ]);
  });

  it('to forget bridges that are no more, and no others', () => {
    expect(resolvedCommands([lab], ['virbr1', 'virbr7'])[0]).toEqual(['resolvectl', 'revert', 'virbr7']);
    expect(resolvedCommands([], ['virbr1'])).toEqual([['resolvectl', 'revert', 'virbr1']]);
    expect(resolvedCommands([], [])).toEqual([]);
  });

  it('of interfaces only', () => {
    expect(() => resolvedCommands([{ ...lab, bridge: '--all' }], [])).toThrow('is not the name of an interface');
    expect(() => resolvedCommands([], ['virbr 1'])).toThrow('is not the name of an interface');
  });
});
