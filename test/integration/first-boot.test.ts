import { exec } from '@innkeeper/client';
import { ensureLibvirt, stopLibvirt } from '@innkeeper/infra';
import { parseManifest, type WorkloadSpec, type WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

/** A machine under software emulation takes minutes for what a container does in seconds. */
const patienceMs = 15 * 60_000;
const keys = '/tmp/innkeeper-test-keys';

let innkeeper: Installation;
let publicKey = '';

beforeAll(async () => {
  innkeeper = await install();
  await host.files.remove(keys);
  await host.files.makeDirectory(keys, 0o700);
  await host.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${keys}/key`]);
  publicKey = (await host.files.readText(`${keys}/key.pub`)).trim();
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(keys);
});

/** A program of /opt that systemd keeps running, after a reboot too. */
const service = `[Unit]
After=network-online.target
[Service]
ExecStart=/usr/bin/python3 /opt/serve.py
Restart=always
[Install]
WantedBy=multi-user.target
`;

/** Counts visits in a database. */
const databaseProgram = `import http.server, sqlite3
visits = sqlite3.connect('/var/lib/visits.db', check_same_thread=False)
visits.execute('create table if not exists visits (at text)')
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        visits.execute('insert into visits values (datetime())')
        visits.commit()
        count = visits.execute('select count(*) from visits').fetchone()[0]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(count).encode())
http.server.HTTPServer(('', 8000), Answer).serve_forever()
`;

/** Asks the database, which it knows by name alone. */
const webProgram = `import http.server, urllib.request
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        count = urllib.request.urlopen('http://test-op-db:8000/', timeout=20).read().decode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'visit {count}'.encode())
http.server.ThreadingHTTPServer(('', 80), Answer).serve_forever()
`;

const firstBoot = (program: string): NonNullable<WorkloadSpec['cloudInit']> => ({
  hostname: 'reading-room',
  sshKeys: [publicKey],
  users: [{ name: 'ada', sshKeys: [publicKey], sudo: true }],
  files: [
    { path: '/home/ada/hello', content: 'grüß dich\n', mode: '0640', owner: 'ada' },
    { path: '/opt/serve.py', content: program },
    { path: '/etc/systemd/system/serve.service', content: service },
  ],
  commands: [
    'echo "$(id -un) on $(hostname)" > /srv/ran',
    ['touch', '/srv/a b'],
    'systemctl enable --now serve.service',
  ],
  locale: 'de_DE.UTF-8',
  timezone: 'Europe/Berlin',
  userData: '#!/bin/sh\necho mine > /srv/mine\n',
});

const [web, database] = ['test-op-web', 'test-op-db'];
const port = 18_090;

/** A web server in a container, and the database that it needs in a virtual machine. */
const manifest = () =>
  parseManifest({
    workloads: {
      [database]: {
        image: 'debian/12',
        backend: 'kvm',
        memory: '512MiB',
        cloudInit: firstBoot(databaseProgram),
        readiness: { tcp: 8000, within: '15m' },
      },
      [web]: {
        image: 'debian/12',
        backend: 'lxc',
        memory: '512MiB',
        networks: [{ ports: [`${port}:80`] }],
        dependsOn: [{ workload: database, until: 'ready' }],
        cloudInit: firstBoot(webProgram),
        readiness: { http: { port: 80 }, within: '15m' },
      },
    },
  });

/** As that user of the guest, by the key and nothing else. */
const ssh = async (user: string, { addresses }: WorkloadView, command: string): Promise<string> => {
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${keys}/known`, 'BatchMode=yes', 'LogLevel=ERROR'];
  const words = options.flatMap((option) => ['-o', option]);
  const argv = ['ssh', '-F', 'none', '-i', `${keys}/key`, ...words, `${user}@${addresses[0]}`, command];
  return (await host.run(argv, { timeoutMs: patienceMs })).stdout.trim();
};

const ready = (name: string): Promise<WorkloadView> =>
  viewWhere(innkeeper, name, ({ readiness }) => readiness?.ready === true, patienceMs);

/** What the published port of this host answers. */
const visit = async (): Promise<string> => {
  const { stdout, exitCode } = await host.run(['curl', '-sS', '-m', '30', `http://127.0.0.1:${port}/`], {
    expect: Array.from({ length: 100 }, (_, code) => code),
  });
  return exitCode === 0 ? stdout : `curl ends with ${exitCode}`;
};

it('a manifest of a container and of the virtual machine that it depends on is made', {
  timeout: patienceMs,
}, async () => {
  const { workloads } = manifest();
  const operations = await Promise.all(
    Object.entries(workloads).map(([name, spec]) => innkeeper.client.put(name, spec)),
  );
  // The container waits until the machine is ready.
  await ready(database);
  await ready(web);
  for (const operation of operations) expect((await innkeeper.finished(operation)).error).toBeUndefined();
});

it('a published port answers, and web server and database know each other by name', async () => {
  const first = await visit();
  expect(first).toMatch(/^visit \d+$/);
  expect(await visit()).not.toBe(first);
});

describe.each([
  [web, 'a container'],
  [database, 'a virtual machine'],
] as const)('the first boot of %s', (name, what) => {
  let view: WorkloadView;

  it(`of ${what} ends with one that is logged into with the given key`, async () => {
    view = await innkeeper.client.workload(name);
    expect(await ssh('root', view, 'id -un')).toBe('root');
    expect(await ssh('debian', view, 'sudo id -un')).toBe('root');
    expect(await ssh('ada', view, 'sudo id -un')).toBe('root');
  });

  it('has done all of it, without a failure', { timeout: patienceMs }, async () => {
    expect(await ssh('root', view, 'cloud-init status --wait')).toMatch(/status: done$/);
    const said = await ssh(
      'root',
      view,
      'hostname; cat /srv/ran; ls /srv; stat -c "%U %a" /home/ada/hello; cat /home/ada/hello; date +%Z; . /etc/default/locale; echo $LANG; locale -a; systemctl --failed --no-legend',
    );
    const lines = said.split('\n');
    expect(lines.slice(0, 10)).toEqual([
      'reading-room',
      'root on reading-room',
      'a b',
      'mine',
      'ran',
      'ada 640',
      'grüß dich',
      expect.stringMatching(/^CES?T$/),
      'de_DE.UTF-8',
      'C',
    ]);
    expect(lines).toContain('de_DE.utf8');
    expect(lines.at(-1)).toBe('POSIX');
  });
});

it('each guest has host keys and a machine id of its own', async () => {
  const facts = async (name: string): Promise<string[]> => {
    const view = await innkeeper.client.workload(name);
    return (await ssh('root', view, 'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub')).split('\n');
  };
  const [container, machine] = [await facts(web), await facts(database)];
  expect(container[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(machine[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(machine[0]).not.toBe(container[0]);
  expect(machine[1]).not.toBe(container[1]);
});

it('all of it is there again when the control plane, libvirt and both guests were restarted', {
  timeout: patienceMs,
}, async () => {
  const before = Number((await visit()).split(' ')[1]);
  await innkeeper.replace(async () => {
    await stopLibvirt(host);
    await ensureLibvirt(host);
  });
  for (const name of [database, web])
    expect(await innkeeper.finished(await innkeeper.client.act(name, 'restart'))).toMatchObject({ state: 'done' });
  await ready(database);
  await ready(web);
  expect(Number((await visit()).split(' ')[1])).toBeGreaterThan(before);
  for (const name of [web, database])
    expect(await ssh('root', await innkeeper.client.workload(name), 'id -un')).toBe('root');
});

it('a guest without a first boot runs nothing of cloud-init', async () => {
  const name = 'test-op-plain';
  const spec: WorkloadSpec = { image: 'debian/12', backend: 'lxc', readiness: { systemd: true, every: '1s' } };
  expect((await innkeeper.finished(await innkeeper.client.put(name, spec))).state).toBe('done');
  await viewWhere(innkeeper, name, ({ readiness }) => readiness?.ready === true);
  const said: string[] = [];
  const outputs = {
    stdout: (data: Uint8Array) => void said.push(Buffer.from(data).toString()),
    stderr: () => undefined,
  };
  const command = ['sh', '-c', 'cloud-init status; systemctl is-active ssh; systemctl --failed --no-legend'];
  await (await exec({ socket: paths.socket }, name, { command }, outputs)).exit;
  expect(said.join('')).toBe('status: disabled\ninactive\n');
});
