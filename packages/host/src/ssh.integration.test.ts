import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { localHost } from './local.ts';
import { sshHost } from './ssh/host.ts';
import { freePort, startSshd } from './testing/sshd.ts';
import { begins, leavesNothing, ownSleep } from './testing/waiting.ts';

const here = localHost('here');
const sshd = await startSshd();
const host = sshd.host('remote');
afterAll(() => sshd.stop());

describe('a program over ssh', () => {
  it('ends with what it started when its time is over', async () => {
    const sleep = ownSleep();
    const running = host.run(['sh', '-c', `sleep ${sleep} & wait`], { timeoutMs: 300 });
    await expect(running).rejects.toMatchObject({ code: 'transient', message: 'sh did not finish in time' });
    await leavesNothing(sleep);
  });
});

describe('the connection', () => {
  it('is refused when the host key is not known, saying how to accept it', async () => {
    await writeFile(`${sshd.directory}/empty`, '');
    const stranger = sshd.host('stranger', { knownHostsFile: `${sshd.directory}/empty` });
    await expect(stranger.run(['true'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(`key .* is not known: .* ssh -p ${sshd.port} root@127.0.0.1$`),
    });
    expect(await here.files.readText(`${sshd.directory}/empty`)).toBe('');
  });

  it('is refused when the host key has changed', async () => {
    await here.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${sshd.directory}/other`]);
    const key = await here.files.readText(`${sshd.directory}/other.pub`);
    await writeFile(`${sshd.directory}/wrong`, `[127.0.0.1]:${sshd.port} ${key}`);
    const impostor = sshd.host('impostor', { knownHostsFile: `${sshd.directory}/wrong` });
    await expect(impostor.run(['true'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(`has changed: .* ssh-keygen -R '\\[127.0.0.1\\]:${sshd.port}'`),
    });
  });

  it('says that the login was refused', async () => {
    const stranger = sshd.host('stranger', { identityFile: `${sshd.directory}/host_key` });
    await expect(stranger.files.readText('/etc/hostname')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('refuses the login'),
    });
  });

  it('says that nothing answers, which may pass', async () => {
    const nobody = sshHost('nobody', `ssh://127.0.0.1:${await freePort()}`, sshd.options);
    await expect(nobody.run(['true'])).rejects.toMatchObject({
      code: 'transient',
      message: expect.stringContaining('Connection refused'),
    });
    const spawned = nobody.spawn(['true']);
    let said = '';
    spawned.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await spawned.exit).toEqual({ code: undefined, signal: undefined });
    expect(said).toContain('Connection refused');
    await expect(nobody.connect({ socket: '/run/x' })).rejects.toMatchObject({ code: 'transient' });
    await expect(nobody.files.readTextIfThere('/etc/x')).rejects.toMatchObject({ code: 'transient' });
  });

  it('that is lost while a program runs is a temporary error, ends the program, and the next call works', async () => {
    const sleep = ownSleep();
    const running = host.run(['sleep', sleep]);
    const lost = expect(running).rejects.toMatchObject({
      code: 'transient',
      message: `The connection to ssh://root@127.0.0.1:${sshd.port} was lost while sleep ran`,
    });
    const spawned = host.spawn(['cat']);
    await begins(sleep);
    await sshd.cut();
    await lost;
    expect(await spawned.exit).toEqual({ code: undefined, signal: undefined });
    await leavesNothing(sleep);
    expect((await host.run(['echo', 'back'])).stdout).toBe('back\n');
  });

  it('that is silent is given up, and the next call works', async () => {
    const silent = sshd.host('silent');
    const sleep = ownSleep();
    const running = silent.run(['sleep', sleep]);
    const lost = expect(running).rejects.toMatchObject({
      code: 'transient',
      message: expect.stringContaining('was lost while sleep ran'),
    });
    await begins(sleep);
    await sshd.silence();
    const began = Date.now();
    await lost;
    // Three questions without an answer, 5 s apart.
    expect(Date.now() - began).toBeLessThan(25_000);
    expect((await silent.run(['echo', 'back'])).stdout).toBe('back\n');
    await sshd.cut();
    await leavesNothing(sleep);
  });

  it('is replaced when its process was killed and left its socket', async () => {
    const other = sshd.host('other');
    await other.run(['true']);
    const { stdout } = await here.run(['pgrep', '-f', `^ssh: ${sshd.directory}/control.*\\[mux\\]`]);
    for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    expect((await other.run(['echo', 'back'])).stdout).toBe('back\n');
  });

  it('carries more programs at once than sshd allows on one', async () => {
    const busy = sshd.host('busy');
    const programs = Array.from({ length: 30 }, () => busy.spawn(['cat']));
    const answers = programs.map((program) => new Promise((resolve) => program.stdout.once('data', resolve)));
    for (const program of programs) program.stdin.write('x');
    await Promise.all(answers);
    for (const program of programs) program.stdin.end();
    const exits = await Promise.all(programs.map(({ exit }) => exit));
    expect(exits.every(({ code }) => code === 0)).toBe(true);
  });

  it('goes to an alias of the configuration', async () => {
    const alias = sshHost('alias', 'ssh://nearby', { ...sshd.options, controlDirectory: `${sshd.directory}/alias` });
    expect((await alias.run(['echo', 'here'])).stdout).toBe('here\n');
    expect(await here.files.facts(`${sshd.directory}/alias`)).toMatchObject({ mode: 0o700 });
  });

  it('puts its socket into no folder of somebody else', async () => {
    const controlDirectory = `${sshd.directory}/foreign`;
    await here.files.makeDirectory(controlDirectory);
    await here.files.chown(controlDirectory, 1234, 1234);
    const message = `${controlDirectory} is to hold ssh connections and has to be a folder of Innkeeper's own`;
    await expect(sshd.host('foreign', { controlDirectory }).run(['true'])).rejects.toMatchObject({ message });
  });

  it('wants a folder for its socket that fits', () => {
    const controlDirectory = `/tmp/${'x'.repeat(70)}`;
    expect(() => sshd.host('long', { controlDirectory })).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => sshd.host('odd', { controlDirectory: '/tmp/%h' })).toThrow('cannot hold the sockets');
  });

  it('refuses arguments that are longer than it carries', async () => {
    await expect(host.run(['true', 'x'.repeat(200_000)])).rejects.toMatchObject({
      code: 'host_error',
      message: expect.stringContaining('longer than 128 KiB'),
    });
  });

  it('does not put half a file in the place of a whole one', async () => {
    const path = `${sshd.directory}/whole-${randomUUID()}`;
    await host.files.write(path, 'old');
    const content = 'x'.repeat(64 * 1024 * 1024);
    const writing = host.files.write(path, content).then(
      () => 'written',
      () => 'failed',
    );
    const partly = async (): Promise<number> => {
      const beside = (await here.files.list(sshd.directory)).find((name) => name.endsWith('.new'));
      return beside === undefined ? 0 : ((await here.files.facts(`${sshd.directory}/${beside}`))?.size ?? 0);
    };
    await vi.waitFor(async () => expect(await partly()).toBeGreaterThan(0), { timeout: 10_000, interval: 2 });
    await sshd.cut();
    const outcome = await writing;
    expect(await here.files.readText(path)).toBe(outcome === 'failed' ? 'old' : content);
    const left = async () => (await here.files.list(sshd.directory)).filter((name) => name.endsWith('.new'));
    await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000, interval: 20 });
  });
});
