import { InnkeeperError } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const needed = { DATABASE_URL: 'postgres:///innkeeper' };

const refusalOf = (env: Record<string, string>): InnkeeperError => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
};

describe('the settings', () => {
  it('have defaults for all but the database', () => {
    expect(readConfig(needed)).toMatchObject({
      databaseUrl: 'postgres:///innkeeper',
      listen: '127.0.0.1:7766',
      acceleration: 'auto',
      drivers: ['@innkeeper/drivers', '@innkeeper/driver-lxc-tools'],
      libvirtSeconds: 30,
    });
    expect(readConfig(needed).paths.state).toBe('/var/lib/innkeeper');
  });

  it('take drivers from packages by their names, and from nowhere else', () => {
    const read = (text: string) => readConfig({ ...needed, INNKEEPER_DRIVERS: text }).drivers;
    expect(read('@innkeeper/drivers, innkeeper-driver-jails')).toEqual([
      '@innkeeper/drivers',
      'innkeeper-driver-jails',
    ]);
    for (const text of ['../evil', '/tmp/x.js', 'data:text/javascript,1', 'file:///x', 'node:fs', '.', 'a,,b', 'a/b/c'])
      expect(refusalOf({ ...needed, INNKEEPER_DRIVERS: text })).toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('INNKEEPER_DRIVERS'),
      });
  });

  it('give a call to libvirt five seconds to ten minutes', () => {
    expect(readConfig({ ...needed, INNKEEPER_LIBVIRT_SECONDS: '120' }).libvirtSeconds).toBe(120);
    for (const text of ['0', '601', '1.5', 'soon'])
      expect(refusalOf({ ...needed, INNKEEPER_LIBVIRT_SECONDS: text }).message).toContain('INNKEEPER_LIBVIRT_SECONDS');
  });

  it('name files of ssh by absolute paths only', () => {
    const sshConfig = '/etc/innkeeper/ssh_config';
    expect(readConfig({ ...needed, INNKEEPER_SSH_CONFIG: sshConfig })).toMatchObject({ sshConfig });
    expect(refusalOf({ ...needed, INNKEEPER_SSH_IDENTITY: 'key' }).message).toContain('INNKEEPER_SSH_IDENTITY');
  });

  it('move with the prefix', () => {
    expect(readConfig({ ...needed, INNKEEPER_PREFIX: '/tmp/x' }).paths).toMatchObject({
      prefix: '/tmp/x',
      socket: '/tmp/x/run/innkeeper/api.sock',
    });
  });

  it.each(['off', '127.0.0.1:1', '127.1.2.3:80', 'localhost:7766', '[::1]:7766'])('may listen at %s', (listen) => {
    expect(readConfig({ ...needed, INNKEEPER_LISTEN: listen }).listen).toBe(listen);
  });

  it.each(['0.0.0.0:7766', '192.168.1.1:7766', 'example.org:80', 'localhost.example.org:80'])(
    'may not listen at %s without TLS, and say what to do instead',
    (listen) => {
      const error = refusalOf({ ...needed, INNKEEPER_LISTEN: listen });
      expect(error).toMatchObject({ code: 'invalid', hint: expect.stringContaining('reverse proxy') });
      expect(error.message).toContain(`INNKEEPER_LISTEN=${listen}`);
    },
  );

  const [cert, key] = ['/etc/innkeeper/cert.pem', '/etc/innkeeper/key.pem'];
  const outside = { ...needed, INNKEEPER_LISTEN: '0.0.0.0:7766' };

  it('may listen anywhere with a certificate, or behind a proxy when that is said', () => {
    const files = { INNKEEPER_TLS_CERT: cert, INNKEEPER_TLS_KEY: key };
    expect(readConfig({ ...outside, ...files }).transport).toEqual({ kind: 'tls', cert, key });
    expect(readConfig({ ...needed, ...files }).transport.kind).toBe('tls');
    expect(readConfig({ ...outside, INNKEEPER_INSECURE_BEHIND_PROXY: 'on' }).transport).toEqual({ kind: 'proxy' });
    expect(readConfig(needed).transport).toEqual({ kind: 'tcp' });
  });

  it.each([
    ['a certificate without its key', { INNKEEPER_TLS_CERT: cert }, 'INNKEEPER_TLS_KEY'],
    ['a key without its certificate', { INNKEEPER_TLS_KEY: key }, 'INNKEEPER_TLS_CERT'],
    ['a relative path', { INNKEEPER_TLS_CERT: 'cert.pem', INNKEEPER_TLS_KEY: key }, 'INNKEEPER_TLS_CERT'],
    ['half a yes', { INNKEEPER_INSECURE_BEHIND_PROXY: 'yes' }, 'INNKEEPER_INSECURE_BEHIND_PROXY'],
    [
      'both TLS and none',
      { INNKEEPER_TLS_CERT: cert, INNKEEPER_TLS_KEY: key, INNKEEPER_INSECURE_BEHIND_PROXY: 'on' },
      'INNKEEPER_INSECURE_BEHIND_PROXY',
    ],
  ])('refuse %s, naming what is wrong', (_what, settings, named) => {
    expect(refusalOf({ ...outside, ...(settings as Record<string, string>) }).message).toContain(named);
  });

  it.each(['7766', 'localhost', 'localhost:', 'localhost:http', 'localhost:99999', '127.0.0.1:7766:1'])(
    'refuse %s as an address and port',
    (listen) => {
      expect(refusalOf({ ...needed, INNKEEPER_LISTEN: listen }).code).toBe('invalid');
    },
  );

  it.each([
    ['DATABASE_URL', {}],
    ['DATABASE_URL', { DATABASE_URL: '' }],
    ['INNKEEPER_LISTEN', { ...needed, INNKEEPER_LISTEN: 'nowhere' }],
    ['INNKEEPER_ACCELERATION', { ...needed, INNKEEPER_ACCELERATION: 'fast' }],
  ])('name the variable %s when it is wrong', (variable, env) => {
    const error = refusalOf(env);
    expect(error.code).toBe('invalid');
    expect(error.message).toContain(variable);
  });
});
