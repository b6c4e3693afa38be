import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { localHost } from './local.ts';
import { startSshd } from './testing/sshd.ts';

const here = localHost('here');
const sshd = await startSshd();
const folder = '/tmp/innkeeper-test-changes';
const probe = `${folder}/probe`;

beforeEach(async () => {
  await here.files.remove(folder);
  await here.files.makeDirectory(folder);
});
afterAll(async () => {
  await here.files.remove(folder);
  await sshd.stop();
});

describe.each([
  ['this machine', here],
  ['a machine over ssh', sshd.host('remote')],
])('changes of places on %s', (_what, host) => {
  /** Begins to watch, and resolves when it does; `next` waits for one more change than were waited for. */
  const watching = async (...patterns: readonly string[]) => {
    const stop = new AbortController();
    let heard = 0;
    let wake = (): void => undefined;
    const reading = (async () => {
      for await (const _change of host.changes([probe, ...patterns], stop.signal)) {
        heard += 1;
        wake();
      }
    })();
    const next = async (): Promise<void> => {
      while (heard === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      heard = 0;
    };
    const begun = next();
    // Nobody says when watching has begun: this is changed until it is seen.
    const touching = setInterval(() => void here.files.write(probe, String(Math.random())), 100);
    await begun;
    clearInterval(touching);
    return {
      next,
      stop: async () => {
        stop.abort();
        await reading;
      },
    };
  };

  it('are told of a folder that comes into being, and of what is put into it', async () => {
    const seen = await watching(`${folder}/autostart`);
    await here.files.makeDirectory(`${folder}/autostart`);
    await seen.next();
    await here.run(['ln', '-s', '/x', `${folder}/autostart/x`]);
    await seen.next();
    await seen.stop();
  });

  it('are told of a file in every folder, and of files by a part of their names', async () => {
    await here.files.makeDirectory(`${folder}/a`);
    await here.files.write(`${folder}/a/config`, '1');
    const seen = await watching(`${folder}/*/config`, `${folder}/*.status`);
    await here.files.write(`${folder}/a/config`, '2');
    await seen.next();
    await here.files.write(`${folder}/br0.status`, '[]');
    await seen.next();
    await here.files.makeDirectory(`${folder}/b`);
    await here.files.write(`${folder}/b/config`, '1');
    await seen.next();
    await seen.stop();
  });

  it('are told one after the other, of a place that is replaced too', async () => {
    const file = `${folder}/virbr0.status`;
    await here.files.write(file, '[]');
    const seen = await watching(`${folder}/*.status`);
    for (const content of ['[1]', '[2]']) {
      await here.files.write(file, content);
      await seen.next();
    }
    await seen.stop();
    expect(await here.files.readText(file)).toBe('[2]');
  });
});
