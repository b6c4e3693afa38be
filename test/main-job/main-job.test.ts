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
