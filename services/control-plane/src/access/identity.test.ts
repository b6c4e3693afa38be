import { InnkeeperError } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { checkBrowser, demand } from './identity.ts';

const answerTo = (host: string | undefined, origin?: string): string => {
  try {
    checkBrowser('tcp', host, origin);
    return 'answered';
  } catch (error) {
    return error instanceof InnkeeperError ? error.code : 'defect';
  }
};

describe('a request over TCP', () => {
  it.each(['localhost', 'localhost:7766', '127.0.0.1:7766', '[::1]:7766', '[::1]'])('to %s is answered', (host) => {
    expect(answerTo(host)).toBe('answered');
    expect(answerTo(host, `http://${host}`)).toBe('answered');
  });

  it.each([
    'evil.example',
    'evil.example:7766',
    'localhost.evil.example:7766',
    '127.0.0.1.nip.io:7766',
    '192.168.1.1:7766',
    '',
    'localhost:7766:1',
    'localhost@evil.example',
    '0.0.0.0:7766',
    '127.0.0.1:7766/',
    ' localhost',
  ])('to the name %j is refused: DNS rebinding', (host) => expect(answerTo(host, `http://${host}`)).toBe('forbidden'));

  it('without a name is refused', () => expect(answerTo(undefined)).toBe('forbidden'));

  it.each([
    'http://evil.example',
    'https://localhost:7766',
    'http://localhost:8080',
    'http://localhost',
    'http://127.0.0.1:7766',
    'null',
    '',
    'http://localhost:7766.evil.example',
  ])('from the page %j is refused', (origin) => expect(answerTo('localhost:7766', origin)).toBe('forbidden'));

  it('names what it refuses, shortened', () => {
    expect(() => checkBrowser('tcp', 'x'.repeat(500), undefined)).toThrow(`"${'x'.repeat(100)}"`);
  });
});

describe('a request over the socket', () => {
  it('comes from no browser and is answered', () =>
    expect(() => checkBrowser('socket', 'anything', 'http://evil.example')).not.toThrow());
});

describe('a role', () => {
  const may = (role: 'viewer' | 'operator' | 'admin', needed: 'viewer' | 'operator' | 'admin') => () =>
    demand({ who: 'ann', role }, needed);

  it('includes the lesser ones', () => {
    for (const needed of ['viewer', 'operator', 'admin'] as const) expect(may('admin', needed)).not.toThrow();
    expect(may('operator', 'viewer')).not.toThrow();
  });

  it('does not include the greater ones, and says so', () => {
    expect(may('viewer', 'operator')).toThrow('ann has the role viewer; this needs operator');
    expect(may('operator', 'admin')).toThrow('this needs admin');
  });
});
