import { exec, openConsole } from '@innkeeper/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlane } from '../faults/planes.ts';
import { host, type Installation, install, paths } from './installation.ts';

const name = 'test-op-console';
const target = { socket: paths.socket };

let innkeeper: Installation;

const printed = async (): Promise<string> => Buffer.from(await innkeeper.client.logs(name)).toString('latin1');

const until = async (what: string, reached: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 60_000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`not reached in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const print = async (line: string): Promise<void> => {
  const command = ['sh', '-c', 'echo "$1" > /dev/console', 'sh', line];
  const { exit } = await exec(target, name, { command }, { stdout: () => undefined, stderr: () => undefined });
  expect(await exit).toEqual({ code: 0 });
};

const view = async (at: { readonly socket: string } = target) => {
  const seen = { text: '', ended: false };
  const stdout = (bytes: Uint8Array): void => {
    seen.text += Buffer.from(bytes).toString('latin1');
  };
  const stream = await openConsole(at, name, { stdout, stderr: () => undefined });
  void stream.exit.then(() => {
    seen.ended = true;
  });
  return { seen, stream };
};

/** Process ids of the programs that read the consoles of this place. */
const keepers = async (): Promise<readonly string[]> => {
  const found = await host.run(['pgrep', '-f', `console.*${paths.logs}/consoles`], { expect: [0, 1] });
  return found.stdout.split('\n').filter((pid) => pid !== '');
};

beforeAll(async () => {
  innkeeper = await install();
  const made = await innkeeper.finished(await innkeeper.client.put(name, { image: 'debian/12' }));
  expect(made.state).toBe('done');
});

afterAll(async () => {
  if ((await innkeeper.client.workloads()).some((one) => one.name === name))
    await innkeeper.finished(await innkeeper.client.remove(name));
  await innkeeper.stop();
});

describe('a terminal in a container', () => {
  const typed = async (command: readonly string[], user?: string) => {
    const seen = { text: '' };
    const stdout = (bytes: Uint8Array): void => {
      seen.text += Buffer.from(bytes).toString('latin1');
    };
    const request = { command, tty: { cols: 91, rows: 33 }, ...(user === undefined ? {} : { user }) };
    return { seen, stream: await exec(target, name, request, { stdout, stderr: () => undefined }) };
  };

  it('is one of its own, with a name, a size and an owner', async () => {
    const { seen, stream } = await typed(['sh', '-c', 'tty; stty size; stat -c %U "$(tty)"; exit 5'], 'www-data');
    expect(await stream.exit).toEqual({ code: 5 });
    expect(seen.text).toMatch(/^\/dev\/pts\/\d+\r\n33 91\r\nwww-data\r\n$/);
  });

  it('takes keys, signals and another size, and ends with its program though others keep it', async () => {
    const script = 'trap "echo interrupted" INT; echo ready; sleep 31536002; stty size; sleep 31536002 & exit 4';
    const { seen, stream } = await typed(['sh', '-c', script]);
    await until('it is ready', () => seen.text.includes('ready'));
    stream.resize(120, 50);
    stream.write(Buffer.from('\x03'));
    expect(await stream.exit).toEqual({ code: 4 });
    expect(seen.text).toContain('interrupted');
    expect(seen.text).toContain('50 120');
  });
});

describe("a container's console", () => {
  it('is kept from the first line on, though nobody looks, by one program', async () => {
    await until('the login is there', async () => (await printed()).includes('login:'));
    expect(await printed()).toMatch(/Welcome to [\s\S]*login:/);
    expect((await keepers()).length).toBe(1);
  });

  it('shows several viewers at once all of it, and takes what any of them types', async () => {
    const [one, other] = await Promise.all([view(), view()]);
    await print('for-all-of-you');
    await until('both have seen it', () => [one, other].every(({ seen }) => seen.text.includes('for-all-of-you')));
    for (const { seen } of [one, other]) expect(seen.text).toContain('login:');
    one.stream.write(Buffer.from('somebody\n'));
    await until('both are asked', () => [one, other].every(({ seen }) => seen.text.includes('Password:')));
    one.stream.close();
    await print('for-the-other');
    await until('the other goes on', () => other.seen.text.includes('for-the-other'));
    expect(one.seen.text).not.toContain('for-the-other');
    expect(other.seen.text.split('for-all-of-you').length).toBe(2);
    other.stream.close();
    await print('for-nobody');
    await until('it is kept', async () => (await printed()).includes('for-nobody'));
  });

  it('is shown whole by a control plane that does not follow its host', async () => {
    const openings = async (): Promise<number> =>
      (await innkeeper.client.audit()).items.filter(({ method }) => method === 'console').length;
    const before = await openings();
    const plane = await startPlane(7, { DATABASE_URL: innkeeper.databaseUrl });
    try {
      const viewers = await Promise.all([view(), view({ socket: plane.socket })]);
      const [here, there] = viewers;
      await print('wherever-you-look');
      await until('both have it', () => viewers.every(({ seen }) => seen.text.includes('wherever-you-look\r\n')));
      // A password is not shown, the name that is asked for after it is.
      let tries = 0;
      await until('here it is seen', () => {
        if (tries % 30 === 0) there.stream.write(Buffer.from('typed-there\n'));
        tries += 1;
        return here.seen.text.includes('typed-there');
      });
      expect((await keepers()).length).toBe(1);
      expect(await openings()).toBe(before + 2);
      // Its end does not wait for those who look on.
      plane.signal('SIGTERM');
      await plane.ended;
      await until('the viewer is told', () => there.seen.ended);
      expect(here.seen.ended).toBe(false);
      here.stream.close();
    } finally {
      plane.signal('SIGKILL');
      await plane.ended;
    }
  });

  it('is kept on when the control plane is replaced, with what was printed meanwhile', async () => {
    const [id = ''] = await host.files.list(`${paths.state}/roots`);
    const told = `${paths.state}/roots/${id}/upper/root/told`;
    const later = 'until test -e /root/go; do sleep 0.1; done; echo while-away > /dev/console; touch /root/told';
    const { exit } = await exec(
      target,
      name,
      { command: ['systemd-run', 'sh', '-c', later] },
      { stdout: () => undefined, stderr: () => undefined },
    );
    expect(await exit).toEqual({ code: 0 });
    await innkeeper.replace(async () => {
      await until('nobody reads', async () => (await keepers()).length === 0);
      await host.run(['touch', `${paths.state}/roots/${id}/root/root/go`]);
      await until('it is printed', async () => (await host.files.facts(told)) !== undefined);
    });
    await until('the rest is kept', async () => (await printed()).includes('while-away'));
    expect(await printed()).toContain('for-all-of-you');
  });

  it('is still there after its end, and gone with the workload', async () => {
    const { seen } = await view();
    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    await until('the viewer is told', () => seen.ended);
    expect(await printed()).toContain('for-nobody');
    const again = await view();
    await until('an end', () => again.seen.ended);
    expect(again.seen.text).toContain('for-nobody');
    await innkeeper.finished(await innkeeper.client.act(name, 'start'));
    await until('a second boot', async () => (await printed()).split('Welcome to').length > 2);
    await innkeeper.finished(await innkeeper.client.remove(name));
    expect((await host.files.list(`${paths.logs}/consoles`)).filter((file) => file !== 'keeper')).toEqual([]);
  });
});
