import { exec } from '@innkeeper/client';
import { installationSuffix, type OperationView, type WorkloadSpec } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  broken,
  failOnce as failAt,
  host,
  type Installation,
  install,
  killed,
  leftOnHost,
  paths,
  viewWhere,
} from './installation.ts';

const [name, other] = ['test-op-web', 'test-op-too'];
const port = 18_080;
const spec: WorkloadSpec = {
  image: 'debian/12',
  backend: 'lxc',
  memory: '256MiB',
  networks: [{ network: 'default', ports: [`${port}:80`] }],
};

/** What this installation's table, rules and hook are called. */
const published = `innkeeper${installationSuffix(paths)}`;

/** A machine of its own on the other end of a cable, with a route to nothing but this host. */
const elsewhere = { namespace: 'ink-test-out', here: '10.219.79.1', there: '10.219.79.2' };

let innkeeper: Installation;

const sh = async (script: string): Promise<void> => {
  await host.run(['sh', '-c', script]);
};
const unplug = `ip netns del ${elsewhere.namespace} 2>/dev/null || true`;

beforeAll(async () => {
  innkeeper = await install();
  const { namespace, here, there } = elsewhere;
  await sh(`${unplug}; ip netns add ${namespace} && ip link add ink-test type veth peer name eth0 netns ${namespace}
    ip addr add ${here}/30 dev ink-test && ip link set ink-test up
    ip -n ${namespace} addr add ${there}/30 dev eth0 && ip -n ${namespace} link set eth0 up`);
});

const gone = async (): Promise<void> => {
  innkeeper.fault = () => undefined;
  for (const { name: one } of await innkeeper.client.workloads())
    if (one.startsWith('test-op'))
      expect((await innkeeper.finished(await innkeeper.client.remove(one))).error).toBeUndefined();
  expect(await leftOnHost()).toEqual([]);
};

afterAll(async () => {
  await gone();
  await innkeeper.stop();
  await sh(unplug);
});

const apply = async (what = spec): Promise<OperationView> => innkeeper.finished(await innkeeper.client.put(name, what));

/** A server inside that outlives the command which starts it, and says who asked. */
const program = `my $s = IO::Socket::INET->new(Listen => 9, LocalPort => 80, ReuseAddr => 1) or die; fork and exit;
while (my $c = $s->accept) { sysread $c, my $asked, 4096; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n", $c->peerhost, "\\n"; close $c }`;
const serve = async (): Promise<void> => {
  const outputs = { stdout: () => undefined, stderr: () => undefined };
  const script = 'perl -MIO::Socket::INET -e "$1" </dev/null >/dev/null 2>&1';
  const stream = await exec({ socket: paths.socket }, name, { command: ['sh', '-c', script, 'sh', program] }, outputs);
  expect(await stream.exit).toEqual({ code: 0 });
};

/** What the server says it was asked by, or how asking failed. */
const askedBy = async (address: string, from?: string): Promise<string> => {
  const curl = ['curl', '-sS', '-m', '5', `http://${address}:${port}/`];
  const argv = from === undefined ? curl : ['ip', 'netns', 'exec', from, ...curl];
  const { stdout, exitCode } = await host.run(argv, { expect: Array.from({ length: 100 }, (_, code) => code) });
  return exitCode === 0 ? stdout.trim() : `curl ends with ${exitCode}`;
};

const answersEverywhere = async (): Promise<void> => {
  // A bridge with STP, as the default network's, lets nothing through in the first four seconds of an interface.
  await expect.poll(() => askedBy('127.0.0.1'), { timeout: 20_000 }).toBe('192.168.122.1');
  expect(await askedBy(elsewhere.here)).toBe(elsewhere.here);
  // The guest sees who asks, not the host in between.
  expect(await askedBy(elsewhere.here, elsewhere.namespace)).toBe(elsewhere.there);
};

describe('a published port', () => {
  it('answers on loopback, on an address of the host, and from another machine', async () => {
    expect((await apply()).state).toBe('done');
    await serve();
    await answersEverywhere();
  });

  it('does so again after restarts of the guest and of the control plane, and when libvirt has made its rules anew', async () => {
    await innkeeper.finished(await innkeeper.client.act(name, 'restart'));
    await serve();
    await answersEverywhere();
    await sh('pkill -HUP -x libvirtd');
    await answersEverywhere();
    await innkeeper.replace();
    await answersEverywhere();
  });

  it('is put back by libvirt when a network was started, while nobody else is there', async () => {
    const seen: string[] = [];
    await innkeeper.replace(async () => {
      await sh(
        `nft delete table inet ${published}; iptables -w -D FORWARD -o virbr0 -m conntrack --ctstate DNAT -m comment --comment ${published} -j ACCEPT`,
      );
      seen.push(await askedBy('127.0.0.1'));
      await sh(`/etc/libvirt/hooks/network.d/${published} default started begin - </dev/null`);
      seen.push(await askedBy('127.0.0.1'), await askedBy(elsewhere.here, elsewhere.namespace));
    });
    expect(seen).toEqual([expect.stringMatching(/^curl ends/), '192.168.122.1', elsewhere.there]);
  });

  it('is given to one workload only, and the other waits for it by name', async () => {
    const operation = await innkeeper.client.put(other, spec);
    const waiting = await viewWhere(innkeeper, other, ({ state }) => state === 'waiting');
    expect(waiting.operation?.progress).toContain(`${port}/tcp of`);
    expect(waiting.operation?.progress).toContain(`is held by ${name}`);
    expect((await apply({ ...spec, networks: [{ network: 'default' }] })).state).toBe('done');
    expect((await innkeeper.finished(operation)).state).toBe('done');
    await innkeeper.finished(await innkeeper.client.remove(other));
  });

  it('is added and taken away while the guest runs', async () => {
    const before = await innkeeper.client.workload(name);
    expect((await apply()).state).toBe('done');
    await answersEverywhere();
    expect((await apply({ ...spec, networks: [{ network: 'default' }] })).state).toBe('done');
    expect(await askedBy('127.0.0.1')).toMatch(/^curl ends/);
    const after = await innkeeper.client.workload(name);
    expect(after.startedAt).toBe(before.startedAt);
    expect(after.drift).toEqual([]);
  });

  it('that a program of the host has is refused by the name of the program, and nothing is changed', async () => {
    const stopping = new AbortController();
    const listener = `socket(my $s, 2, 1, 0); setsockopt($s, 1, 2, 1); bind($s, pack("Sna4x8", 2, ${port}, "\\0" x 4)) or die; listen($s, 1); $| = 1; print "ready\\n"; sleep 600`;
    const lines = host.lines(['perl', '-e', listener], stopping.signal)[Symbol.asyncIterator]();
    await lines.next();
    try {
      const refused = await apply();
      expect(refused).toMatchObject({ state: 'failed' });
      expect(refused.error?.detail).toContain(`${port}/tcp of`);
      expect(refused.error?.detail).toContain('is held by perl');
    } finally {
      stopping.abort();
      await lines.return?.();
    }
    await gone();
  });
});

describe('the step that publishes', () => {
  afterEach(gone);

  const failOnce = (where: string, error: () => Error): void => failAt(innkeeper, where, error);

  it.each(['before ports', 'after ports', 'after start'])('is unwound when creation fails %s', async (where) => {
    failOnce(where, broken);
    expect((await apply()).state).toBe('failed');
    expect(await leftOnHost()).toEqual([]);
  });

  it('comes to the same result when it is run twice', async () => {
    failOnce('after ports', killed);
    expect((await apply()).state).toBe('done');
  });

  it('is unwound as well when its undo is run twice', async () => {
    let [failed, stopped] = [false, false];
    innkeeper.fault = (point) => {
      if (point === 'after start' && !failed) {
        failed = true;
        throw broken();
      }
      if (point === 'after undo of ports' && !stopped) {
        stopped = true;
        throw killed();
      }
    };
    expect((await apply()).state).toBe('failed');
    expect(stopped).toBe(true);
    expect(await leftOnHost()).toEqual([]);
  });

  it.each(['before ports', 'after ports'])('is finished by asking again when removal fails %s', async (where) => {
    await apply();
    failOnce(where, where.startsWith('after') ? killed : broken);
    const first = await innkeeper.finished(await innkeeper.client.remove(name));
    expect(first.state).toBe(where.startsWith('after') ? 'done' : 'failed');
  });
});
