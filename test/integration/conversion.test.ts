import { exec } from '@innkeeper/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  broken,
  failOnce,
  host,
  type Installation,
  install,
  killed,
  leftOnHost,
  paths,
  viewWhere,
} from './installation.ts';
import { adopting, refusal, strangers } from './strangers.ts';

const { classic, lxc } = strangers;
const { name } = classic;
const shared = '/tmp/innkeeper-test-shared';

let innkeeper: Installation;
let id = '';

/** Everything that its owner would find changed: its files with content, owner and mode, and what lxc-ls says. */
const looks = async (): Promise<string> => {
  const files = await host.run(['find', `/var/lib/lxc/${name}`, '-printf', '%P %y %m %U:%G %s\n']);
  const config = await host.run(['sh', '-c', `sha256sum /var/lib/lxc/${name}/config*`]);
  const listed = await host.run(['lxc-ls', '--fancy', '--fancy-format=NAME,STATE,AUTOSTART']);
  return [files, config, listed].map(({ stdout }) => stdout.split('\n').sort().join('\n')).join('\n');
};

const convert = async () => innkeeper.finished(await innkeeper.client.convert(id, { memory: '64MiB' }));
const end = async (how: 'confirm' | 'revert') => innkeeper.finished(await innkeeper.client.endConversion(name, how));

const outputOf = async (command: readonly string[]): Promise<string> => {
  let output = '';
  const add = (data: Uint8Array): void => {
    output += Buffer.from(data).toString();
  };
  const stream = await exec({ socket: paths.socket }, name, { command: [...command] }, { stdout: add, stderr: add });
  await stream.exit;
  return output.trim();
};

beforeAll(async () => {
  await strangers.remove();
  innkeeper = await install();
  await host.files.makeDirectory(shared, 0o755);
  await host.files.write(`${shared}/hello`, 'from the host\n', 0o644);
  await classic.start();
  await classic.map({ first: 1_600_000_000, mount: shared });
  ({ id } = await viewWhere(innkeeper, name, ({ managed }) => !managed));
});

afterEach(async () => {
  innkeeper.fault = () => undefined;
  const view = await innkeeper.client.workload(name).catch(() => undefined);
  if (view?.convertedFrom === undefined) return;
  await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
  await end('revert');
});

afterAll(async () => {
  await innkeeper.stop();
  await strangers.remove();
  await host.files.remove(shared);
  expect(await leftOnHost()).toEqual([]);
});

describe('a classic container', () => {
  it('is not converted while it runs, nor without a limit of memory', async () => {
    expect(await refusal(innkeeper.client.conversion(id))).toMatch(/runs: only a stopped container is converted/);
    await classic.stop();
    await viewWhere(innkeeper, name, ({ state }) => state === 'stopped');
    expect(await refusal(innkeeper.client.convert(id, {}))).toMatch(/has no limit of memory/);
  });

  it('becomes one of libvirt with its ids, network and mounts, and the old one again', async () => {
    const before = await looks();
    const plan = await innkeeper.client.conversion(id);
    expect(plan).toMatchObject({ from: 'lxc-tools', to: 'lxc', spec: { networks: [{ mac: '52:54:00:7e:57:04' }] } });
    expect(await looks()).toBe(before);

    expect(await convert()).toMatchObject({ kind: 'convert', state: 'done' });
    expect(await innkeeper.client.workload(name)).toMatchObject({
      driver: 'lxc',
      state: 'stopped',
      adopted: true,
      convertedFrom: 'lxc-tools',
      drift: [],
    });
    expect((await host.run(['lxc-ls', '-1'])).stdout).not.toContain(name);
    expect((await innkeeper.finished(await innkeeper.client.act(name, 'start'))).error).toBeUndefined();
    expect(await outputOf(['/bin/busybox', 'cat', '/srv/hello'])).toBe('from the host');
    expect(await outputOf(['/bin/busybox', 'cat', '/proc/self/uid_map'])).toMatch(/^0 +1600000000 +65536$/);
    expect(await outputOf(['/bin/busybox', 'ip', 'link', 'show', 'eth0'])).toContain('52:54:00:7e:57:04');
    expect(await refusal(end('revert').then(({ error }) => Promise.reject(new Error(error?.detail))))).toMatch(/runs/);
    expect(await refusal(innkeeper.client.release(name))).toMatch(/is not confirmed yet/);

    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    expect(await end('revert')).toMatchObject({ kind: 'revert', state: 'done' });
    // libvirt leaves the place from which it turned to the root.
    await host.run(['rmdir', '--', `/var/lib/lxc/${name}/rootfs/.oldroot`]);
    expect(await looks()).toBe(before);
    expect(await innkeeper.client.workload(name)).toMatchObject({ managed: false, driver: 'lxc-tools' });
    expect((await lxc.domains()).filter((one) => one.name === name)).toEqual([]);
  });

  it.each(['read', 'claims', 'set aside', 'define', 'look', 'observe'])(
    'is what it was when %s fails, and converted when it is run twice',
    async (step) => {
      const before = await looks();
      failOnce(innkeeper, `after ${step}`, broken);
      expect(await convert()).toMatchObject({ state: 'failed', error: { detail: 'made to fail by a test' } });
      expect(await looks()).toBe(before);
      expect(await innkeeper.client.workload(name)).toMatchObject({ managed: false, driver: 'lxc-tools' });

      failOnce(innkeeper, `after ${step}`, killed);
      expect(await convert()).toMatchObject({ state: 'done' });
      expect(await end('revert')).toMatchObject({ state: 'done' });
      expect(await looks()).toBe(before);
    },
  );

  it.each(['undefine', 'put back', 'look', 'forget'])('is back when %s of a reversal is run twice', async (step) => {
    const before = await looks();
    await convert();
    failOnce(innkeeper, `after ${step}`, killed);
    expect(await end('revert')).toMatchObject({ state: 'done' });
    expect(await looks()).toBe(before);
  });

  it('is gone for good when the conversion is confirmed, and released as one of libvirt', async () => {
    await convert();
    failOnce(innkeeper, 'after discard', killed);
    expect(await end('confirm')).toMatchObject({ kind: 'confirm', state: 'done' });
    expect(await host.files.list(`/var/lib/lxc/${name}`)).toEqual(['rootfs']);
    expect(await refusal(end('confirm'))).toMatch(/has no conversion to confirm/);
    await adopting(innkeeper).release(name);
    expect(await innkeeper.client.workload(name)).toMatchObject({ managed: false, driver: 'lxc' });
  });
});
