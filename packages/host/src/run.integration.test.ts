import { afterAll, describe, expect, it } from 'vitest';
import { localHost } from './local.ts';
import { startSshd } from './testing/sshd.ts';
import { begins, leavesNothing, ownSleep } from './testing/waiting.ts';

const sshd = await startSshd();
afterAll(() => sshd.stop());

describe.each([localHost('this machine'), sshd.host('a machine over ssh')])(
  'a program run to its end of $id',
  (host) => {
    const odd = ['', "it's", '"x"', '$(id) `id` $HOME', 'a\nb\n', '\t', 'ä€😀', '*', '-n', '--', '\\', '!!', 'A=1'];

    it('hands over arguments as they are', async () => {
      const { stdout } = await host.run(['perl', '-e', 'print map { "$_\\0" } @ARGV', '--', ...odd]);
      expect(stdout.split('\0').slice(0, -1)).toEqual(odd);
    });

    it('answers both outputs and an expected exit code', async () => {
      const argv = ['sh', '-c', 'echo out; echo err >&2; exit 7'];
      expect(await host.run(argv, { expect: [7] })).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 7 });
      expect(await host.run(['true'])).toEqual({ stdout: '', stderr: '', exitCode: 0 });
      expect((await host.run(['sh', '-c', 'exit 255'], { expect: [255] })).exitCode).toBe(255);
    });

    it.each([
      [['sh', '-c', 'echo one >&2; echo oops >&2; exit 3'], 'sh failed (exit code 3): oops'],
      [['sh', '-c', 'exit 255'], 'sh failed (exit code 255)'],
      [['innkeeper-no-such-program'], 'innkeeper-no-such-program failed (spawn innkeeper-no-such-program ENOENT)'],
      [['/etc/passwd'], '/etc/passwd failed (spawn /etc/passwd EACCES)'],
    ])('says how %j failed', async (argv, message) => {
      await expect(host.run(argv)).rejects.toMatchObject({ code: 'host_error', message });
    });

    it('says that a program was killed', async () => {
      const message = 'sh failed (killed by SIGKILL)';
      await expect(host.run(['sh', '-c', 'kill -9 $$'])).rejects.toMatchObject({ code: 'host_error', message });
    });

    it('passes input, text and bytes, and ends it', async () => {
      expect((await host.run(['cat'], { input: 'ä\n' })).stdout).toBe('ä\n');
      expect((await host.run(['cat'])).stdout).toBe('');
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256);
      const { stdout } = await host.run(['base64', '-w', '0'], { input: bytes });
      expect(Buffer.from(stdout, 'base64').equals(bytes)).toBe(true);
    });

    it('takes no harm from a program that does not read its input', async () => {
      expect((await host.run(['true'], { input: 'x'.repeat(1_000_000) })).exitCode).toBe(0);
    });

    it('answers large outputs', async () => {
      const { stdout, stderr } = await host.run([
        'sh',
        '-c',
        'head -c 5000000 /dev/zero | tr "\\0" x; head -c 3000000 /dev/zero | tr "\\0" y >&2',
      ]);
      expect([stdout.length, stderr.length]).toEqual([5_000_000, 3_000_000]);
    });

    it('gives a minimal environment and what was added, and the folder', async () => {
      const env = { GREETING: "it's = ä\n", EMPTY: '' };
      const { stdout } = await host.run(['env', '-0'], { env });
      expect(
        Object.fromEntries(
          stdout
            .split('\0')
            .filter(Boolean)
            .map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
        ),
      ).toEqual({
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        HOME: '/root',
        ...env,
      });
      expect((await host.run(['pwd'], { cwd: '/usr/share' })).stdout).toBe('/usr/share\n');
    });

    it('ends what does not finish in time', async () => {
      const sleep = ownSleep();
      const running = host.run(['sleep', sleep], { timeoutMs: 300 });
      await expect(running).rejects.toMatchObject({ code: 'transient', message: 'sleep did not finish in time' });
      await leavesNothing(sleep);
    });

    it('ends with SIGKILL what ignores SIGTERM', async () => {
      const sleep = ownSleep();
      const argv = ['perl', '-e', '$SIG{TERM} = "IGNORE"; sleep 86400', sleep];
      await expect(host.run(argv, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'transient' });
      await leavesNothing(sleep);
    });

    it('ends what is cancelled', async () => {
      const sleep = ownSleep();
      const stop = new AbortController();
      const running = host.run(['sleep', sleep], { signal: stop.signal });
      const ended = expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'sleep was cancelled' });
      await begins(sleep);
      stop.abort();
      await ended;
      await leavesNothing(sleep);
      await expect(host.run(['sleep', sleep], { signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('tells each line as it comes', async () => {
      const lines: string[] = [];
      await host.run(['sh', '-c', 'echo a; echo; echo b; echo c >&2'], { onLine: (line) => lines.push(line) });
      expect(lines.filter((line) => line !== 'c')).toEqual(['a', '', 'b']);
      expect(lines.filter((line) => line === 'c')).toEqual(['c']);
    });

    it('shows no secret in an error', async () => {
      const argv = ['sh', '-c', 'echo "password geheim" >&2; exit 1', 'geheim'];
      const error: unknown = await host.run(argv, { secrets: ['geheim'] }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'host_error', message: 'sh failed (exit code 1): password [secret]' });
      expect(JSON.stringify(error)).not.toContain('geheim');
    });
  },
);
