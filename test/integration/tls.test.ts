import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { createClient, exec } from '@innkeeper/client';
import { readConfig, startControlPlane } from '@innkeeper/control-plane';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { host, type Installation, install, paths } from './installation.ts';

const folder = '/tmp/innkeeper-test-tls';
const [cert, key, ca] = [`${folder}/cert.pem`, `${folder}/key.pem`, `${folder}/ca.pem`];
const name = 'test-op';

let innkeeper: Installation;
let port = 0;
let token = '';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** A certificate for localhost, signed by an authority that only these tests know. */
const makeCertificate = async (serial: number): Promise<void> => {
  const request = `${folder}/request.pem`;
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await host.run(['openssl', 'req', ...curve, '-keyout', `${key}.new`, '-out', request, ...subject]);
  const signing = ['-CA', ca, '-CAkey', `${folder}/ca-key.pem`, '-days', '1', '-set_serial', String(serial)];
  await host.run(['openssl', 'x509', '-req', '-in', request, ...signing, '-copy_extensions', 'copy', '-out', cert]);
  await host.files.rename(`${key}.new`, key);
};

beforeAll(async () => {
  await host.files.remove(folder);
  await host.files.makeDirectory(folder, 0o700);
  const authority = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=authority of a test'];
  await host.run(['openssl', 'req', ...authority, '-keyout', `${folder}/ca-key.pem`, '-out', ca]);
  await makeCertificate(1);
  port = await freePort();
  innkeeper = await install({
    INNKEEPER_LISTEN: `127.0.0.1:${port}`,
    INNKEEPER_TLS_CERT: cert,
    INNKEEPER_TLS_KEY: key,
  });
  token = (await innkeeper.client.createToken({ name: 'far', role: 'operator' })).token;
});

afterAll(async () => {
  for (const workload of await innkeeper.client.workloads())
    if (workload.name === name) await innkeeper.finished(await innkeeper.client.remove(name));
  await innkeeper.stop();
  await host.files.remove(folder);
});

const target = async () => ({ url: `https://localhost:${port}`, token, ca: await host.files.readText(ca) });

/** Status and headers of what the page would be answered. */
const get = async (path: string, headers: Record<string, string>): Promise<number | undefined> => {
  const authority = await host.files.readText(ca);
  return new Promise((resolve, reject) => {
    request(`https://localhost:${port}${path}`, { ca: authority, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
};

/** Of the certificate that a new connection is shown. */
const serial = async (): Promise<string> => {
  const authority = await host.files.readText(ca);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
};

it('a client that knows the authority is answered, and one that does not says what it needs', async () => {
  expect(await createClient(await target()).workloads()).toBeInstanceOf(Array);
  const { url } = await target();
  await expect(createClient({ url, token }).workloads()).rejects.toMatchObject({
    code: 'unavailable',
    hint: expect.stringContaining('INNKEEPER_CA'),
  });
});

it('a request without a token is refused, and so is a page of another site', async () => {
  const authorization = `Bearer ${token}`;
  expect(await get('/v1/workloads', {})).toBe(401);
  expect(await get('/v1/workloads', { authorization })).toBe(200);
  expect(await get('/v1/workloads', { authorization, origin: `https://localhost:${port}` })).toBe(200);
  expect(await get('/v1/workloads', { authorization, origin: 'https://evil.example' })).toBe(403);
  expect(await get('/v1/workloads', { authorization, origin: `http://localhost:${port}` })).toBe(403);
});

it('nobody is answered without TLS', async () => {
  await expect(createClient({ url: `http://localhost:${port}`, token }).workloads()).rejects.toMatchObject({
    code: 'unavailable',
  });
});

it('a command runs over TLS, and the log says from where', async () => {
  await innkeeper.finished(await innkeeper.client.put(name, { image: 'debian/12', backend: 'lxc', memory: '128MiB' }));
  let said = '';
  const stdout = (bytes: Uint8Array): void => {
    said += Buffer.from(bytes).toString();
  };
  const stream = await exec(await target(), name, { command: ['hostname'] }, { stdout, stderr: () => undefined });
  expect(await stream.exit).toEqual({ code: 0 });
  expect(said.trim()).toBe(name);
  const [entry] = (await innkeeper.client.audit({ workload: name })).items;
  expect(entry).toMatchObject({
    who: 'far',
    method: 'exec',
    address: expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$/),
  });
});

it('a certificate that is renewed is used without a restart, and one that does not fit never', async () => {
  expect(await serial()).toBe('01');
  await makeCertificate(2);
  await expect.poll(serial, { timeout: 10_000 }).toBe('02');
  await host.files.write(cert, 'nonsense', 0o600);
  // It is looked at every second: that nothing happens can only be seen over time.
  const until = Date.now() + 2500;
  while (Date.now() < until) expect(await serial()).toBe('02');
  await makeCertificate(3);
  await expect.poll(serial, { timeout: 10_000 }).toBe('03');
});

it('nothing begins with a certificate that is none', async () => {
  await host.files.write(`${folder}/bad.pem`, 'nonsense', 0o600);
  const settings = { DATABASE_URL: 'postgres:///nowhere', INNKEEPER_PREFIX: paths.prefix, INNKEEPER_TLS_KEY: key };
  for (const [file, says] of [
    ['bad.pem', 'are no certificate with its key'],
    ['none.pem', 'INNKEEPER_TLS_CERT'],
  ])
    await expect(
      startControlPlane(readConfig({ ...settings, INNKEEPER_TLS_CERT: `${folder}/${file}` })),
    ).rejects.toThrow(says);
});
