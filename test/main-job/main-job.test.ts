import { openScreen } from '@innkeeper/client';
import { parseManifest, type WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineForeign, host, installedAs, root, undefineForeign, virsh } from '../installed.ts';

const { installation, inn, setUp } = installedAs({ name: 'main-job', listen: '127.0.0.1:7796' });
const lab = `${root}/test/main-job/lab.yaml`;
const state = `${installation.INNKEEPER_PREFIX}/var/lib/innkeeper`;

const views = async (): Promise<WorkloadView[]> => JSON.parse((await inn('ls', '-o', 'json')).stdout) as WorkloadView[];
const ours = async (): Promise<WorkloadView[]> => (await views()).filter(({ managed }) => managed);

const until = async (what: string, reached: () => Promise<boolean>, timeoutMs = 240_000): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`not reached in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const writeManifest = async (name: string, text: string): Promise<string> => {
  const path = `${installation.INNKEEPER_PREFIX}/${name}`;
  await host.files.write(path, text);
  return path;
};

describe('the main job, as a newcomer does it', () => {
  let first: { stdout: string; stderr: string; exitCode: number };

  beforeAll(async () => {
    await setUp('down', '--purge', '--yes');
    first = await setUp('up', '--yes', '--lab', lab);
  });

  afterAll(async () => {
    await undefineForeign('test-foreign');
    await setUp('down', '--purge', '--yes');
  });

  it('goes from nothing to a table of three workloads with one command', () => {
    expect(first.exitCode, `${first.stdout}\n${first.stderr}`).toBe(0);
    for (const name of ['test-wiki', 'test-runner', 'test-desktop']) expect(first.stdout).toContain(name);
  });

  it('chooses a container for the service and virtual machines for the others', async () => {
    const chosen = Object.fromEntries(
      (await ours()).map(({ name, backend, state: now }) => [name, `${backend} ${now}`]),
    );
    expect(chosen).toEqual({ 'test-wiki': 'lxc running', 'test-runner': 'kvm running', 'test-desktop': 'kvm running' });
  });

  it('shows them in libvirt under their names, with id, generation and spec in their metadata', async () => {
    expect(await virsh('lxc:///system', 'list', '--name')).toContain('test-wiki');
    expect(await virsh('qemu:///system', 'list', '--name')).toMatch(
      /test-desktop[\s\S]*test-runner|test-runner[\s\S]*test-desktop/,
    );
    const xml = await virsh('lxc:///system', 'dumpxml', 'test-wiki');
    expect(xml).toMatch(/<innkeeper:workload [^>]*id=['"][0-9a-f-]{36}['"] generation=['"]1['"]/);
    expect(xml).toContain('debian/12');
  });

  it('changes nothing when it is run again, and says so', async () => {
    const before = await virsh('lxc:///system', 'domid', 'test-wiki');
    const again = await setUp('up', '--yes', '--lab', lab);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(`${again.stdout}${again.stderr}`).toMatch(/nothing to do/);
    expect(await virsh('lxc:///system', 'domid', 'test-wiki')).toBe(before);
  });

  it('explains each decision', async () => {
    expect((await inn('explain', 'test-wiki')).stdout).toMatch(/runs as a container/);
    expect((await inn('explain', 'test-runner')).stdout).toMatch(/kernel of its own/);
    expect((await inn('explain', 'test-desktop')).stdout).toMatch(/windows\/11 is a Windows guest/);
  });

  it('runs commands as root inside, who is somebody else outside', async () => {
    expect((await inn('exec', 'test-wiki', '--', 'id', '-u')).stdout).toBe('0\n');
    const pid = (await host.run(['cat', '/run/libvirt/lxc/test-wiki.pid'])).stdout.trim();
    const init = (await host.files.readText(`/proc/${pid}/task/${pid}/children`)).trim().split(' ')[0];
    expect((await host.files.facts(`/proc/${init}`))?.uid).toBeGreaterThanOrEqual(0x20000000);
    expect((await inn('exec', 'test-wiki', '--', 'sh', '-c', 'exit 7')).exitCode).toBe(7);
  });

  it('boots the same image to a login on the serial console of a virtual machine', async () => {
    await until('a login prompt', async () => {
      const { stdout } = await host.run(
        ['timeout', '3', process.execPath, `${root}/services/cli/bin/inn.js`, 'console', 'test-runner'],
        { env: installation, expect: [0, 1, 5, 124] },
      );
      return /login:/.test(stdout);
    });
  });

  it.each([
    ['a container', 'test-wiki'],
    ['a virtual machine', 'test-runner'],
  ])('runs commands in %s, as any user, with input and exit code', async (_what, name) => {
    await until('somebody inside answers', async () => (await inn('exec', name, '--', 'true')).exitCode === 0);
    expect((await inn('exec', '-u', 'www-data', '-w', '/tmp', name, '--', 'sh', '-c', 'id -un; pwd')).stdout).toBe(
      'www-data\n/tmp\n',
    );
    expect(await inn('exec', name, '--', 'sh', '-c', 'echo told >&2; exit 3')).toMatchObject({
      exitCode: 3,
      stderr: 'told\n',
    });
    expect(await inn('exec', name, '--', 'there-is-no-such-program')).toMatchObject({ exitCode: 127 });
    expect((await inn('exec', '-u', 'nobody-knows', name, '--', 'true')).exitCode).not.toBe(0);
  });

  it.each(['test-wiki', 'test-runner'])('copies a folder into %s and out of it again', async (name) => {
    const folder = `${installation.INNKEEPER_PREFIX}/copied-${name}`;
    await host.files.makeDirectory(`${folder}/notes`, 0o755);
    await host.files.write(`${folder}/notes/one`, 'first\n', 0o640);
    const pushed = await inn('cp', `${folder}/notes`, `${name}:/srv/`);
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    expect((await inn('exec', name, '--', 'stat', '-c', '%U %a', '/srv/notes/one')).stdout).toBe('root 640\n');
    expect((await inn('cp', `${name}:/srv/notes`, `${folder}/back`)).exitCode).toBe(0);
    expect(await host.files.readText(`${folder}/back/one`)).toBe('first\n');
    expect((await inn('cp', `${name}:/srv/notes/one`, '-')).stdout).toBe('first\n');
    expect(await inn('cp', `${name}:/srv/nothing`, folder)).toMatchObject({ exitCode: 1 });
    expect(await inn('cp', `${folder}/nothing`, `${name}:/srv/`)).toMatchObject({ exitCode: 3 });
  });

  it('copies into and out of a container that does not run, and says why a machine has to', async () => {
    const folder = `${installation.INNKEEPER_PREFIX}/copied-stopped`;
    await host.files.makeDirectory(`${folder}/notes`, 0o755);
    await host.files.write(`${folder}/notes/one`, 'while it slept\n', 0o640);
    expect((await inn('exec', 'test-wiki', '--', 'ln', '-s', '/tmp', '/root/elsewhere')).exitCode).toBe(0);
    expect((await inn('stop', 'test-wiki')).exitCode).toBe(0);
    const pushed = await inn('cp', `${folder}/notes`, 'test-wiki:/srv/asleep');
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    expect((await inn('cp', `${folder}/notes/one`, 'test-wiki:/root/elsewhere/')).exitCode).toBe(0);
    expect((await inn('cp', 'test-wiki:/srv/asleep', `${folder}/back`)).exitCode).toBe(0);
    expect(await host.files.readText(`${folder}/back/one`)).toBe('while it slept\n');
    expect(await inn('cp', 'test-wiki:/srv/nothing', folder)).toMatchObject({ exitCode: 1 });
    expect((await inn('start', 'test-wiki')).exitCode).toBe(0);
    expect((await inn('exec', 'test-wiki', '--', 'stat', '-c', '%U %a', '/srv/asleep/one')).stdout).toBe('root 640\n');
    expect((await inn('stop', 'test-desktop')).exitCode).toBe(0);
    const refused = await inn('cp', `${folder}/notes`, 'test-desktop:/srv/');
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toMatch(/the disk of a stopped virtual machine is not opened[\s\S]*inn start test-desktop/);
    expect((await inn('start', 'test-desktop')).exitCode).toBe(0);
  });

  it('pauses both kinds and lets them go on', async () => {
    expect((await inn('pause', 'test-wiki', 'test-runner')).exitCode).toBe(0);
    const paused = await ours();
    expect(
      paused
        .filter(({ state: now }) => now === 'paused')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['test-runner', 'test-wiki']);
    expect((await inn('exec', 'test-wiki', '--', 'true')).stderr).toMatch(/not possible while the workload is paused/);
    expect((await inn('console', 'test-wiki')).stderr).toMatch(/not possible while the workload is paused/);
    expect((await inn('resume', 'test-wiki', 'test-runner')).exitCode).toBe(0);
    expect((await ours()).every(({ state: now, drift }) => now === 'running' && drift.length === 0)).toBe(true);
  });

  it('gives both kinds what can be given while they run, and says what they use', async () => {
    const manifest = await writeManifest(
      'changed.yaml',
      `workloads:
  test-wiki: { image: debian/12, memory: 1536MiB, cpus: 2, cpuWeight: 200 }
  test-runner: { image: debian/12, isolation: strong, memory: 448MiB, disk: 12GiB }
`,
    );
    const applied = await inn('apply', '-f', manifest);
    expect(applied.exitCode, applied.stderr).toBe(0);
    await until('both have it', async () => (await ours()).every(({ drift }) => drift.length === 0), 60_000);
    expect((await inn('exec', 'test-wiki', '--', 'grep', 'MemTotal', '/proc/meminfo')).stdout).toMatch(/ 1572864 kB/);
    expect((await inn('exec', 'test-runner', '--', 'cat', '/sys/block/vda/size')).stdout).toBe('25165824\n');
    await inn('exec', 'test-wiki', '--', 'sh', '-c', 'head -c 100M /dev/zero > /dev/shm/kept');
    const less = 'workloads:\n  test-wiki: { image: debian/12, memory: 64MiB, cpus: 2, cpuWeight: 200 }\n';
    const smaller = await inn('apply', '-f', await writeManifest('less.yaml', less));
    expect(smaller.stderr).toMatch(/uses .* of memory now: 64MiB is not enough/);
    await inn('apply', '-f', manifest);
    const rows = JSON.parse((await inn('top', '--once', '-d', '500ms', '-o', 'json')).stdout) as {
      readonly name: string;
      readonly stats: { readonly memoryBytes?: number };
      readonly rates: { readonly cpus?: number };
    }[];
    expect(rows.map(({ name }) => name).sort()).toEqual(['test-desktop', 'test-runner', 'test-wiki']);
    for (const { stats, rates } of rows) {
      expect(stats.memoryBytes).toBeGreaterThan(0);
      expect(rates.cpus).toBeGreaterThanOrEqual(0);
    }
  });

  it('gives both kinds a second network interface and a volume while they run, and takes them away', async () => {
    const devices =
      '  networks: [{ network: default }, { network: default }], volumes: [{ name: data, size: 64MiB, path: /srv/data }]';
    const head = {
      wiki: 'test-wiki: { image: debian/12, memory: 1536MiB, cpus: 2, cpuWeight: 200',
      runner: 'test-runner: { image: debian/12, isolation: strong, memory: 448MiB, disk: 12GiB',
    };
    const more = await writeManifest(
      'devices.yaml',
      `workloads:\n  ${head.wiki}, ${devices} }\n  ${head.runner}, ${devices} }\n`,
    );
    const startedAt = async (name: string) => (await ours()).find((one) => one.name === name)?.startedAt;
    const before = await startedAt('test-wiki');
    const applied = await inn('apply', '-f', more);
    expect(applied.exitCode, applied.stderr).toBe(0);
    const [wiki] = JSON.parse((await inn('ls', '-o', 'json')).stdout).filter(
      (one: { name: string }) => one.name === 'test-wiki',
    );
    expect(wiki.addresses).toHaveLength(2);
    const inside = (await inn('exec', 'test-wiki', '--', 'ip', '-br', 'address', 'show', 'eth1')).stdout;
    expect(inside).toContain(`UP             ${wiki.addresses[1]}/24`);
    expect(await startedAt('test-wiki')).toBe(before);
    const links = await inn(
      'exec',
      'test-runner',
      '--',
      'sh',
      '-c',
      'ls /sys/class/net; ls /dev/disk/by-id; cat /sys/block/vdb/size',
    );
    expect(links.stdout).toMatch(/virtio-data\n(.*\n)*131072\n/);
    expect(links.stdout.match(/^en/gm)).toHaveLength(2);
    // libvirt mounts a container's volumes when it starts.
    expect((await inn('ls')).stdout).toMatch(/^test-wiki .*\*/m);
    await inn('restart', 'test-wiki');
    const write = ['exec', 'test-wiki', '--', 'sh', '-c', 'echo kept > /srv/data/note; stat -c %U /srv/data'];
    expect((await inn(...write)).stdout).toBe('root\n');
    const fewer = await writeManifest('changed.yaml', `workloads:\n  ${head.wiki} }\n  ${head.runner} }\n`);
    expect((await inn('apply', '-f', fewer)).exitCode).toBe(0);
    await until(
      'the machine has let go',
      async () => (await inn('exec', 'test-runner', '--', 'ls', '/dev/vdb')).exitCode !== 0,
      60_000,
    );
    expect((await inn('exec', 'test-wiki', '--', 'ls', '/sys/class/net')).stdout).not.toContain('eth1');
    await inn('apply', '-f', more);
    await inn('restart', 'test-wiki');
    expect((await inn('exec', 'test-wiki', '--', 'cat', '/srv/data/note')).stdout).toBe('kept\n');
    expect((await inn('apply', '-f', fewer)).exitCode).toBe(0);
    await inn('restart', 'test-wiki');
  });

  it('has the logs of both, and the screen and keys of the one that has them', async () => {
    for (const name of ['test-wiki', 'test-runner']) {
      expect((await inn('logs', name)).stdout).toMatch(/login:/);
      expect((await inn('logs', name, '--journal', '-n', '5')).stdout.trim().split('\n').length).toBeGreaterThan(1);
    }
    expect((await inn('logs', 'test-wiki', '--journal', '-u', 'dbus')).stdout).toMatch(/dbus/i);
    expect(await inn('logs', 'test-wiki', '-u', 'dbus')).toMatchObject({ exitCode: 2 });
    await inn('exec', 'test-wiki', '--', 'mv', '/usr/bin/journalctl', '/usr/bin/journalctl.away');
    expect((await inn('logs', 'test-wiki', '--journal')).stderr).toMatch(/test-wiki has no journalctl/);
    await inn('exec', 'test-wiki', '--', 'mv', '/usr/bin/journalctl.away', '/usr/bin/journalctl');
    const picture = `${installation.INNKEEPER_PREFIX}/desktop.png`;
    expect((await inn('screenshot', 'test-desktop', picture)).exitCode).toBe(0);
    expect(Buffer.from((await host.files.read(picture)).subarray(1, 4)).toString('latin1')).toBe('PNG');
    expect((await inn('keys', 'test-desktop', 'ctrl-alt-del', 'ENTER')).exitCode).toBe(0);
    expect((await inn('screenshot', 'test-wiki')).stderr).toMatch(/has no screen/);
    const target = { socket: `${installation.INNKEEPER_PREFIX}/run/innkeeper/api.sock` };
    const greeting = await new Promise<string>((resolve, reject) => {
      openScreen(target, 'test-desktop', (bytes) => resolve(Buffer.from(bytes).toString('latin1'))).catch(reject);
    });
    expect(greeting).toMatch(/^RFB 003\./);
    const refused = await openScreen(target, 'test-wiki', () => undefined);
    expect(await refused.closed).toMatch(/has no screen/);
  });

  it('says how virtual machines are accelerated here, proven by booting, and that the image is there', async () => {
    const doctor = await inn('doctor');
    expect(doctor.exitCode, doctor.stdout).toBe(0);
    expect(doctor.stdout).toMatch(/acceleration: (kvm|tcg): /);
    expect((await inn('image', 'ls')).stdout).toMatch(/^debian\/12 +container, vm +\S+/m);
  });

  it('lists a guest that it did not create, and never touches it', async () => {
    await defineForeign('test-foreign', installation.INNKEEPER_PREFIX);
    await until('the foreign guest is seen', async () =>
      (await views()).some(({ name, managed }) => name === 'test-foreign' && !managed),
    );
    const refused = await inn('rm', 'test-foreign');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/did not create/);
    const taken = await inn(
      'apply',
      '-f',
      await writeManifest('taken.yaml', 'workloads:\n  test-foreign:\n    image: debian/12\n'),
    );
    expect(taken.exitCode).toBe(2);
    expect(await virsh('lxc:///system', 'list', '--all', '--name')).toContain('test-foreign');
  });

  it.each([
    ['an unknown key', 'workloads:\n  test-bad:\n    image: debian/12\n    memroy: 1GiB\n', /did you mean "memory"/],
    ['a bad size', 'workloads:\n  test-bad:\n    image: debian/12\n    memory: 12 bananas\n', /memory.*not a size/],
    [
      'a duplicate name',
      'workloads:\n  test-bad:\n    image: debian/12\n  test-bad:\n    image: debian/12\n',
      /unique/,
    ],
    [
      'Windows as a container',
      'workloads:\n  test-bad:\n    image: windows/11\n    backend: lxc\n',
      /lxc cannot run windows\/11/,
    ],
    ['an image that does not exist', 'workloads:\n  test-bad:\n    image: debian/99\n', /no image "debian\/99"/],
    ['a name that libvirt would refuse', 'workloads:\n  "../bad":\n    image: debian/12\n', /cannot be a name/],
    ['what is not YAML', 'workloads: [\n', /error:/],
    ['a file of 50 MB', `#${'x'.repeat(50_000_000)}\n`, /a manifest may have/],
  ])('refuses %s with one clear error and creates nothing', async (_what, text, message) => {
    const before = (await ours()).length;
    const { exitCode, stderr } = await inn('apply', '-f', await writeManifest('bad.yaml', text));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(await ours()).toHaveLength(before);
  });

  it.each([
    ['the control plane', ['test-a', 'test-b'], 'run/innkeeper/innkeeper.pid'],
    ['its database', ['test-c', 'test-d'], 'var/lib/innkeeper/postgres/data/postmaster.pid'],
  ])('comes to the same end when %s is killed in the middle of an apply', async (_what, names, pidFile) => {
    const manifest = await writeManifest(
      'two.yaml',
      `workloads:\n${names.map((name) => `  ${name}:\n    image: debian/12\n`).join('')}`,
    );
    await inn('apply', '-f', manifest, '--no-wait');
    const [pid = ''] = (await host.files.readText(`${installation.INNKEEPER_PREFIX}/${pidFile}`)).trim().split('\n');
    await host.run(['kill', '-9', pid]);
    expect((await setUp('up', '--yes', '--lab', manifest)).exitCode).toBe(0);
    const mine = ({ name }: { readonly name: string }): boolean => names.includes(name);
    await until('both run', async () => {
      const there = (await ours()).filter(mine);
      return there.length === names.length && there.every(({ state: now }) => now === 'running');
    });
    const defined = (await virsh('lxc:///system', 'list', '--all', '--name')).split('\n');
    expect(defined.filter((name) => names.includes(name)).sort()).toEqual(names);
  });

  it('leaves nothing behind when everything is removed', async () => {
    const all = await ours();
    const names = all.map(({ name }) => name);
    const interfaces: { readonly tap: string; readonly mac: string }[] = [];
    for (const { name, backend } of all) {
      const list = await virsh(backend === 'lxc' ? 'lxc:///system' : 'qemu:///system', 'domiflist', name);
      for (const line of list.split('\n').filter((one) => one.trim() !== '')) {
        const [tap = '', , , , mac = ''] = line.trim().split(/\s+/);
        interfaces.push({ tap, mac });
      }
    }
    expect(interfaces).toHaveLength(names.length);
    const removed = await inn('rm', ...names);
    expect(removed.exitCode, removed.stderr).toBe(0);
    expect(await ours()).toEqual([]);
    for (const uri of ['lxc:///system', 'qemu:///system']) {
      const left = (await virsh(uri, 'list', '--all', '--name')).split('\n').filter((name) => names.includes(name));
      expect(left).toEqual([]);
    }
    expect(await host.files.readText('/proc/self/mountinfo')).not.toContain(state);
    expect(await host.files.list(`${state}/roots`)).toEqual([]);
    expect((await host.files.list(`${state}/disks`)).filter((name) => name !== 'base')).toEqual([]);
    const taps = await host.files.list('/sys/class/net');
    expect(interfaces.filter(({ tap }) => taps.includes(tap))).toEqual([]);
    const network = `${await virsh('qemu:///system', 'net-dumpxml', 'default')}${await virsh('qemu:///system', 'net-dhcp-leases', 'default')}`;
    expect(interfaces.filter(({ mac }) => network.includes(mac))).toEqual([]);
    const claimed = JSON.parse((await inn('host', 'ls', '-o', 'json')).stdout)[0].capacity.claimed;
    expect(claimed).toEqual({ cpus: 0, memoryBytes: 0, diskBytes: 0 });
  });

  it('has an example for newcomers that is a valid manifest', async () => {
    const { parse } = await import('yaml');
    expect(Object.keys(parseManifest(parse(await host.files.readText(`${root}/examples/lab.yaml`))).workloads)).toEqual(
      ['wiki', 'runner', 'desktop'],
    );
  });
});
