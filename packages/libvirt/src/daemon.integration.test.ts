import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostProcess, localHost } from '@innkeeper/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from './connection.ts';
import type { LibvirtEvent } from './events.ts';
import { buildXml, el } from './xml/build.ts';

const host = localHost('here');

/**
 * A libvirtd of the test's own, in a mount namespace so that it shares no state with the machine's; it serves
 * libvirt's test driver.
 */
const script = `set -e
for kind in run lib cache log; do mkdir -p "$1/$kind"; done
mkdir -p /run/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
mount --bind "$1/run" /run/libvirt
mount --bind "$1/lib" /var/lib/libvirt
mount --bind "$1/cache" /var/cache/libvirt
mount --bind "$1/log" /var/log/libvirt
mount --bind "$1/etc" /etc/libvirt
exec libvirtd -f "$1/libvirtd.conf" -p "$1/pid"`;

let directory = '';
let daemon: HostProcess | undefined;
const uri = () => `test+unix:///default?socket=${directory}/run/libvirt-sock`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'test-lv-'));
  await mkdir(join(directory, 'etc'));
  await writeFile(join(directory, 'libvirtd.conf'), `unix_sock_dir = "${directory}/run"\nauth_unix_rw = "none"\n`);
});
afterAll(async () => {
  await stopDaemon();
  await rm(directory, { recursive: true, force: true });
});

const untilReady = async (): Promise<void> => {
  const libvirt = connect(host, uri(), { keepMs: 0 });
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (
      await libvirt.ping().then(
        () => true,
        () => false,
      )
    )
      return;
  }
  throw new Error('libvirtd does not answer');
};

const startDaemon = async (): Promise<void> => {
  daemon = host.spawn(['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh', directory]);
  daemon.stdout.resume();
  daemon.stderr.resume();
  await untilReady();
};

const stopDaemon = async (): Promise<void> => {
  daemon?.kill('SIGKILL');
  await daemon?.exit;
  daemon = undefined;
};

describe('events', () => {
  it('come again after the daemon went away, behind a gap', async () => {
    await startDaemon();
    const stop = new AbortController();
    const libvirt = connect(host, uri(), { events: { firstPauseMs: 10, longestPauseMs: 50 } });
    const stream = libvirt.events(stop.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<LibvirtEvent | undefined> => {
      const result = await stream.next();
      return result.done === true ? undefined : result.value;
    };
    const [domain] = await libvirt.domains();
    expect(domain).toMatchObject({ name: 'test', state: 'running' });
    expect(await next()).toEqual({ kind: 'gap' });

    await libvirt.suspend(domain?.uuid ?? '');
    expect(await next()).toMatchObject({ kind: 'lifecycle', domain: 'test', detail: 'Suspended Paused' });

    await stopDaemon();
    const after = next();
    await startDaemon();
    expect(await after).toEqual({ kind: 'gap' });
    await libvirt.suspend(domain?.uuid ?? '');
    expect(await next()).toMatchObject({ kind: 'lifecycle', detail: 'Suspended Paused' });

    const last = next();
    stop.abort();
    expect(await last).toBeUndefined();
    await stopDaemon();
  });
});

describe('a virsh that stays', () => {
  const staying = async (): Promise<number> => {
    const { stdout } = await host.run(['ps', '-eo', 'args']);
    return stdout.split('\n').filter((line) => line.startsWith(`virsh -c ${uri()}`)).length;
  };
  const until = async (fits: () => Promise<boolean>): Promise<void> => {
    while (!(await fits()));
  };

  beforeAll(startDaemon);
  afterAll(stopDaemon);

  it('answers one call after the other, and is one process for as many as are asked at a time', async () => {
    const libvirt = connect(host, uri(), { keepMs: 200 });
    for (let call = 0; call < 20; call += 1) expect(await libvirt.domains()).toHaveLength(1);
    expect(await staying()).toBe(1);
    await Promise.all([libvirt.domains(), libvirt.domains(), libvirt.domains()]);
    expect(await staying()).toBe(3);
    await until(async () => (await staying()) === 0);
  });

  it('tells a failure from what was printed, and goes on', async () => {
    const libvirt = connect(host, uri());
    const [domain] = await libvirt.domains();
    await expect(libvirt.start(domain?.uuid ?? '')).rejects.toMatchObject({ code: 'conflict' });
    await expect(libvirt.start('4dea22b3-1d52-d8f3-2516-782e98ab3fa0')).rejects.toMatchObject({ code: 'not_found' });
    const read = await libvirt.xml([domain?.uuid ?? '', '4dea22b3-1d52-d8f3-2516-782e98ab3fa0']);
    expect([...read.keys()]).toEqual([domain?.uuid]);
  });

  it('makes room for another when the daemon went away', async () => {
    const libvirt = connect(host, uri());
    const [domain] = await libvirt.domains();
    await stopDaemon();
    await startDaemon();
    await libvirt.suspend(domain?.uuid ?? '');
    expect(await libvirt.domains()).toMatchObject([{ state: 'paused' }]);
    await stopDaemon();
    await expect(libvirt.domains()).rejects.toMatchObject({ code: 'transient' });
    await startDaemon();
    expect(await libvirt.domains()).toMatchObject([{ state: 'running' }]);
  });
});

describe('a daemon that hangs', () => {
  let server: Server | undefined;
  const socket = () => join(directory, 'silent');
  beforeAll(async () => {
    server = createServer(() => undefined);
    await new Promise<void>((resolve) => server?.listen(socket(), resolve));
  });
  afterAll(() => void server?.close());

  const leftBehind = async (): Promise<string[]> => {
    const { stdout } = await host.run(['ps', '-eo', 'args']);
    return stdout.split('\n').filter((line) => line.includes(socket()));
  };

  it('ends every call at its time limit and leaves no program behind', async () => {
    const libvirt = connect(host, `test+unix:///default?socket=${socket()}`, { timeoutMs: 1000 });
    const uuid = '4dea22b3-1d52-d8f3-2516-782e98ab3fa0';
    const xml = buildXml(el('domain', { type: 'test' }, el('name', {}, 'x'), el('uuid', {}, uuid)));
    const calls = [
      libvirt.domains(),
      libvirt.xml([uuid]),
      libvirt.start(uuid),
      libvirt.define(xml),
      libvirt.screenshot(uuid),
    ];
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'transient' } });
    expect(await leftBehind()).toEqual([]);
  });

  it('is waited for to its time limit by a program that waits for nothing else', async () => {
    const program = `import { localHost } from '@innkeeper/host';
import { connect } from '@innkeeper/libvirt';
const libvirt = connect(localHost('here'), process.argv[1], { timeoutMs: 500 });
await libvirt.domains().catch(({ code }) => console.log(code));`;
    const { stdout } = await host.run(
      [process.execPath, '--input-type=module', '-e', program, `test+unix:///default?socket=${socket()}`],
      { cwd: import.meta.dirname },
    );
    expect(stdout.trim()).toBe('transient');
  });

  it('lets go when the caller does', async () => {
    const stop = new AbortController();
    const libvirt = connect(host, `test+unix:///default?socket=${socket()}`, { signal: stop.signal });
    const call = libvirt.domains();
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  });
});
