import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostProcess, localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Consoles, openConsoles, type RunningConsole } from './consoles.ts';

const host = localHost('test');
const uuid = '00000000-0000-4000-8000-0000000c0501';
const name = 'test-console-of-nobody';
const pidFile = `/run/libvirt/lxc/${name}.pid`;

/** Stands for libvirt's process of a container: it holds the other end of a terminal, says its name, and is a pipe to it. */
const controller = `
use Fcntl qw(O_RDWR O_NOCTTY);
sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY or die;
my $number = pack 'i', 0;
ioctl $master, 0x40045431, $number or die;
ioctl $master, 0x80045430, $number or die;
# As libvirt does: raw from the first byte on.
sysopen my $terminal, '/dev/pts/' . unpack('i', $number), O_RDWR | O_NOCTTY or die;
my $modes = "\\0" x 64;
ioctl $terminal, 0x5401, $modes or die;
my ($in, $out, $control, $local, $rest) = unpack 'L4 a*', $modes;
my $raw = pack 'L4 a*', 0, 0, $control, 0, $rest;
ioctl $terminal, 0x5402, $raw or die;
syswrite STDERR, "$$ /dev/pts/" . unpack('i', $number) . "\\n";
while (1) {
  my $ready = '';
  vec($ready, $_, 1) = 1 for 0, fileno $master;
  select $ready, undef, undef, undef;
  if (vec $ready, 0, 1) { sysread STDIN, (my $text), 4096 or exit; syswrite $master, $text }
  if (vec $ready, fileno $master, 1) { if (sysread $master, (my $text), 4096) { syswrite STDOUT, $text } else { select undef, undef, undef, 0.01 } }
}
`;

interface Container extends RunningConsole {
  readonly process: HostProcess;
}

const containers: HostProcess[] = [];
let folder = '';
let paths = pathsUnder('');
let consoles: Consoles;
let there: RunningConsole[] = [];
let release: () => void = () => undefined;

const begin = async (): Promise<Container> => {
  const process = host.spawn(['perl', '-e', controller]);
  containers.push(process);
  const said = await new Promise<string>((resolve) => {
    process.stderr.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  const [pid = '', terminal = ''] = said.split(' ');
  await writeFile(pidFile, pid);
  return { uuid, name, terminal, process };
};

const logged = async (): Promise<string> =>
  (await host.files.readTextIfThere(`${paths.logs}/consoles/${uuid}.log`)) ?? '';

const until = async (what: string, reached: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`not reached in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const follow = async (running: RunningConsole) => {
  const { history, live } = await consoles.open(running);
  const seen = { text: Buffer.from(history).toString('latin1'), ended: false, live };
  live
    ?.on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      seen.text += chunk.toString('latin1');
    });
  live?.once('close', () => {
    seen.ended = true;
  });
  return seen;
};

describe('the consoles of containers', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'test-consoles-'));
    paths = pathsUnder(folder);
    await host.files.makeDirectory(paths.logs, 0o711);
    await host.run(['mkdir', '-p', '/run/libvirt/lxc']);
    consoles = openConsoles(host, paths, async () => there);
  });
  afterEach(async () => {
    release();
    for (const one of containers.splice(0)) one.kill('SIGKILL');
    await rm(pidFile, { force: true });
    await rm(`${paths.logs}/consoles/${uuid}.log`, { force: true });
    there = [];
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are read while somebody holds, and each who opens one gets all of it', async () => {
    const container = await begin();
    container.process.stdin.write('before\r\n');
    consoles.keep([container]);
    release = consoles.hold();
    expect(await logged()).toBe('');
    consoles.keep([container]);
    await until('it is kept', async () => (await logged()) === 'before\r\n');
    const [one, other] = [await follow(container), await follow(container)];
    container.process.stdin.write('after\r\n');
    await until('both have it', () => [one, other].every(({ text }) => text === 'before\r\nafter\r\n'));
    let typed = '';
    container.process.stdout.on('data', (chunk: Buffer) => {
      typed += chunk.toString();
    });
    other.live?.write('typed\n');
    await until('it arrived as it was', () => typed === 'typed\n');
    one.live?.destroy();
    container.process.kill('SIGKILL');
    await until('the other is told', () => other.ended);
    expect(await logged()).toBe('before\r\nafter\r\n');
  });

  it("are never read where the terminal is somebody else's by now", async () => {
    release = consoles.hold();
    const container = await begin();
    await writeFile(pidFile, String(process.pid));
    consoles.keep([container]);
    const seen = await follow(container);
    await until('it is refused', () => seen.ended);
    container.process.stdin.write('not for Innkeeper');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([seen.text, await logged()]).toEqual(['', '']);
    const reading = await host.connect({ terminal: container.terminal });
    reading.on('error', () => undefined);
    const first = await new Promise<Buffer>((resolve) => void reading.once('data', resolve));
    reading.destroy();
    expect(first.toString()).toBe('not for Innkeeper');
  });

  it('are found again when a container begins anew before its end was heard', async () => {
    release = consoles.hold();
    const first = await begin();
    consoles.keep([first]);
    first.process.stdin.write('first ');
    await until('it is kept', async () => (await logged()) === 'first ');
    first.process.kill('SIGKILL');
    await first.process.exit;
    const second = await begin();
    there = [second];
    consoles.keep([second]);
    second.process.stdin.write('second');
    await until('both are kept', async () => (await logged()) === 'first second');
  });

  it('are kept up to a bound, the last of each', async () => {
    release = consoles.hold();
    const container = await begin();
    consoles.keep([container]);
    const line = `${'x'.repeat(1022)}\r\n`;
    for (let count = 0; count < 300; count += 1) container.process.stdin.write(line);
    container.process.stdin.write('the end');
    await until('all was read', async () => (await logged()).endsWith('the end'));
    const length = (await logged()).length;
    expect(length).toBeGreaterThanOrEqual(64 * 1024);
    expect(length).toBeLessThanOrEqual(128 * 1024 + 65_536);
    const { text, live } = await follow(container);
    expect([text.length, text.endsWith('the end')]).toEqual([64 * 1024, true]);
    live?.destroy();
    expect((await readdir(`${paths.logs}/consoles`)).sort()).toEqual([`${uuid}.log`, 'keeper']);
  });

  it('leave no program behind when nobody holds any more', async () => {
    const container = await begin();
    const letGo = consoles.hold();
    consoles.keep([container]);
    container.process.stdin.write('kept');
    await until('it is kept', async () => (await logged()) === 'kept');
    letGo();
    const readers = ['pgrep', '-f', `${paths.logs}/consoles`];
    await until('none is left', async () => (await host.run(readers, { expect: [0, 1] })).exitCode === 1);
  });
});
