import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecOptions, GuestRef } from '../contract.ts';
import { type ConformanceBench, type ConformanceCase, declares, isUnsupported, never, withGuest } from './bench.ts';
import { options, outputOf, withRunning } from './commands.ts';

const lookAgainMs = 100;

/** Whether a process of the guest is there, by its number inside. */
const runs = async ({ driver }: ConformanceBench, guest: GuestRef, pid: string): Promise<boolean> => {
  const process = await driver.exec?.(guest, options(['test', '-d', `/proc/${pid}`]));
  process?.stdin.end();
  return process !== undefined && (await outputOf(process)).code === 0;
};

/** What can be done with a guest that is there. A driver that does not declare `exec` has no such function. */
export const changeCases: readonly ConformanceCase[] = [
  {
    title: 'runs commands as root of the guest, and passes input, output and exit codes through',
    needs: 'exec',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'exec'))) return equal(driver.exec, undefined);
      await withRunning(bench, async (guest) => {
        const exec = async (command: readonly string[], input?: string) => {
          const process = await driver.exec?.(guest, options(command));
          if (process === undefined) throw new Error('no exec');
          process.stdin.end(input);
          return outputOf(process);
        };
        equal((await exec(['id', '-u'])).out.trim(), '0');
        equal((await exec(['sh', '-c', 'exit 7'])).code, 7);
        equal((await exec(['cat'], 'passed through')).out, 'passed through');
        notEqual((await exec(['there-is-no-such-program'])).code, 0);
      });
    },
  },
  {
    title: 'gives a command its variables, its directory, and a terminal when that is asked',
    needs: 'exec',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'exec'))) return;
      await withRunning(bench, async (guest) => {
        const exec = async (command: readonly string[], parts: Partial<ExecOptions> = {}): Promise<string> => {
          const process = await driver.exec?.(guest, { ...options(command), ...parts });
          if (process === undefined) throw new Error('no exec');
          if (parts.tty === undefined) process.stdin.end();
          return (await outputOf(process)).out.trim();
        };
        const strange = 'a b; $HOME "quoted" \\ end';
        equal(await exec(['printenv', 'TEST_TEXT'], { env: { TEST_TEXT: strange } }), strange);
        // Those of Innkeeper itself hold secrets.
        for (const name of Object.keys(process.env).filter((one) => one.startsWith('VITEST')))
          equal((await exec(['env'])).includes(`${name}=`), false, name);
        equal(await exec(['pwd'], { cwd: '/etc' }), '/etc');
        const isTerminal = ['sh', '-c', 'test -t 0 && test -t 1 && echo yes || echo no'];
        equal(await exec(isTerminal), 'no');
        const tty = { cols: 80, rows: 24 };
        if (await declares(bench, 'exec.tty')) equal(await exec(isTerminal, { tty }), 'yes');
        else await rejects(exec(isTerminal, { tty }), isUnsupported);
        equal(await exec(['id', '-un'], { user: 'www-data' }), 'www-data');
        equal(await exec(['id', '-u'], { user: 'www-data', cwd: '/' }), '33');
      });
    },
  },
  {
    title: 'ends a command that is told to, however much of its output nobody has read',
    needs: 'exec.stream',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'exec.stream'))) return;
      await withRunning(bench, async (guest) => {
        const process = await driver.exec?.(guest, options(['sh', '-c', 'echo begun; exec cat /dev/zero']));
        if (process === undefined) throw new Error('no exec');
        await new Promise((resolve) => void process.stdout.once('readable', resolve));
        process.kill('SIGTERM');
        process.stdout.resume();
        const { code, signal } = await process.exit;
        ok(code !== 0 || signal !== undefined);
      });
    },
  },
  {
    title: 'leaves nothing of a command whose caller was killed',
    needs: 'exec.stream',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'exec.stream'))) return;
      await withRunning(bench, async (guest) => {
        const process = await driver.exec?.(guest, options(['sh', '-c', 'echo $$; exec sleep 31536000']));
        if (process === undefined) throw new Error('no exec');
        const pid = await new Promise<string>(
          (resolve) => void process.stdout.once('data', (said) => resolve(`${said}`.trim())),
        );
        ok(await runs(bench, guest, pid));
        process.kill('SIGKILL');
        await process.exit;
        const deadline = Date.now() + 10_000;
        while ((await runs(bench, guest, pid)) && Date.now() < deadline) await delay(lookAgainMs);
        equal(await runs(bench, guest, pid), false);
      });
    },
  },
  {
    title: 'confines a command as the init of its guest: the same capabilities, seccomp and security label',
    needs: 'exec.stream',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'exec.stream'))) return;
      await withRunning(bench, async (guest) => {
        const of = async (process: string): Promise<string> => {
          const command = `grep -E '^(CapBnd|Seccomp):' /proc/${process}/status; cat /proc/${process}/attr/current 2>/dev/null`;
          const running = await driver.exec?.(guest, options(['sh', '-c', command]));
          if (running === undefined) throw new Error('no exec');
          running.stdin.end();
          return (await outputOf(running)).out;
        };
        const init = await of('1');
        ok(/^CapBnd:\s+[0-9a-f]+$/m.test(init), init);
        equal(await of('self'), init);
      });
    },
  },
  {
    title: 'runs no command in a guest that does not run',
    needs: 'exec',
    run: async (bench) => {
      const { driver } = bench;
      if (!(await declares(bench, 'exec'))) return;
      await withGuest(bench, async (guest) => {
        const refused = await driver.exec?.(guest, options(['true'])).then(
          () => false,
          () => true,
        );
        equal(refused, true);
      });
    },
  },
  {
    title: 'changes processors and memory of a guest, at once or at its next start, and says which',
    run: (bench) =>
      withGuest(bench, async (guest, order) => {
        const { driver } = bench;
        const spec = { ...order.spec, cpus: order.spec.cpus + 1, memoryBytes: order.spec.memoryBytes * 2 };
        const ownership = { ...order.ownership, generation: order.ownership.generation + 1 };
        await driver.start(guest);
        const answer = await driver.reconfigure(driver.plan({ ...order, spec, ownership }));
        notEqual(Object.keys(answer).length, 0);
        if (Object.values(answer).includes('needs-restart')) {
          await driver.stop(guest, { mode: 'force', timeoutMs: 0 }, never());
          await driver.start(guest);
        }
        const seen = await driver.inspect(guest);
        equal(seen?.memoryBytes, spec.memoryBytes);
        equal(seen?.ownership?.generation, ownership.generation);
        deepEqual(await driver.reconfigure(driver.plan({ ...order, spec, ownership })), {});
      }),
  },
];
