import { exec } from '@innkeeper/client';
import { paths } from './installation.ts';

/** What a script prints as root of a guest that runs; throws what it complains about when it fails. */
export const inside = async (name: string, script: string, ...words: string[]): Promise<string> => {
  let [out, complaint] = ['', ''];
  const stream = await exec(
    { socket: paths.socket },
    name,
    { command: ['sh', '-ec', script, 'sh', ...words] },
    {
      stdout: (bytes) => {
        out += Buffer.from(bytes).toString();
      },
      stderr: (bytes) => {
        complaint += Buffer.from(bytes).toString();
      },
    },
  );
  stream.end();
  const exit = await stream.exit;
  if (!('code' in exit) || exit.code !== 0) throw new Error(`${name}: ${complaint} ${JSON.stringify(exit)}`);
  return out;
};

/** Until its systemd has started everything: one that is asked to stop before may not hear it, and is forced after half a minute. */
export const booted = (name: string): Promise<string> =>
  inside(
    name,
    `until systemctl is-system-running --wait 2> /dev/null | grep -qE 'running|degraded'; do sleep 0.1; done`,
  );
