import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.ts';

describe('the address of a host', () => {
  it.each([
    ['ssh://beta', { host: 'beta', user: undefined, port: undefined }],
    ['ssh://beta/', { host: 'beta', user: undefined, port: undefined }],
    ['ssh://root@beta.example.org:2222', { host: 'beta.example.org', user: 'root', port: 2222 }],
    ['ssh://deploy@[fe80::1%eth0]:22', { host: 'fe80::1%eth0', user: 'deploy', port: 22 }],
    ['ssh://127.0.0.1', { host: '127.0.0.1', user: undefined, port: undefined }],
  ])('is read from %s', (url, parts) => {
    expect(parseTarget(url)).toMatchObject(parts);
  });

  it.each([
    ['beta', 'another form'],
    ['http://beta', 'another form'],
    ['ssh://', 'no name of a host'],
    ['ssh://-oProxyCommand=x', 'no name of a host'],
    ['ssh://-l@beta', 'no name of a user'],
    ['ssh://@beta', 'no name of a user'],
    ['ssh://ro ot@beta', 'no name of a user'],
    ['ssh://be$(id)ta', 'no name of a host'],
    ['ssh://be%hta', 'no name of a host'],
    ['ssh://[-x]', 'no name of a host'],
    ['ssh://beta:0', 'no port'],
    ['ssh://beta:65536', 'no port'],
    ['ssh://beta:22x', 'no port'],
    ['ssh://beta/etc', 'another form'],
    ['ssh://beta\n', 'no name of a host'],
    ['ssh://a@b@c', 'another form'],
  ])('is refused when it is %j', (url, reason) => {
    expect(() => parseTarget(url)).toThrow(reason);
    expect(() => parseTarget(url)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => parseTarget(url)).toThrow(url);
  });

  it('holds no password, and the refusal does not show it', () => {
    expect(() => parseTarget('ssh://root:geheim@beta')).toThrow('"ssh://root:…@beta" is no address of a host');
    expect(() => parseTarget('ssh://root:geheim@beta')).not.toThrow('geheim');
  });
});
