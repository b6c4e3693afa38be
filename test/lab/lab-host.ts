import { fileURLToPath } from 'node:url';
import { localHost, type RunResult } from '@innkeeper/host';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const program = `${root}/infra/testbed/lab-host.js`;
const hourMs = 3_600_000;

export const host = localHost('test');

const settings = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith('INNKEEPER_LAB_')),
);

/** Runs a command of the lab host's program; any exit code is an answer. */
export const labHost = (words: readonly string[], input?: string | Uint8Array): Promise<RunResult> =>
  host.run([process.execPath, program, ...words], {
    env: settings,
    timeoutMs: 2 * hourMs,
    expect: Array.from({ length: 256 }, (_, code) => code),
    ...(input === undefined ? {} : { input }),
  });

/** As `infra/testbed/lab-host.js` reads them. */
export const release = process.env.INNKEEPER_LAB_RELEASE ?? '13';
export const isFresh = process.env.INNKEEPER_LAB_DISK === 'fresh';

export interface Answer {
  readonly output: string;
  readonly exitCode: number;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** One script that runs command lines one after the other, each between two marks; the second says how it ended. */
const scriptOf = (commands: Readonly<Record<string, string>>): string =>
  Object.entries(commands)
    .map(
      ([name, command]) =>
        `echo "@begin ${name}"\nsh -c ${quote(command)} </dev/null 2>&1\nprintf '\\n@end %s\\n' $?\n`,
    )
    .join('');

const parseAnswers = (output: string): Record<string, Answer> =>
  Object.fromEntries(
    [...output.matchAll(/^@begin (\S+)\n([\s\S]*?)\n@end (\d+)$/gm)].map(([, name = '', text = '', code]) => [
      name,
      { output: text.trim(), exitCode: Number(code) },
    ]),
  );

/** Runs all command lines in one connection, which takes seconds to make. Throws when the connection was cut. */
export const ask = async <Name extends string>(
  user: 'root' | 'keeper',
  commands: Readonly<Record<Name, string>>,
): Promise<Record<Name, Answer>> => {
  const { stdout, stderr } = await labHost(['ssh', `${user}@`, 'sh', '-s'], scriptOf(commands));
  const answers = parseAnswers(stdout);
  const missing = Object.keys(commands).filter((name) => answers[name] === undefined);
  if (missing.length > 0) throw new Error(`no answer to ${missing.join(', ')}: ${stdout}\n${stderr}`);
  return answers as Record<Name, Answer>;
};

/** Starts the machine with a copy of a folder at /srv, also after a reboot. */
export const startMachine = async (folder: string): Promise<void> => {
  const { exitCode, stderr } = await labHost(['start', folder]);
  if (exitCode !== 0) throw new Error(`the machine did not start: ${stderr}`);
  const { mount } = await ask('root', { mount: 'echo "/dev/vdb /srv ext4 defaults 0 0" >> /etc/fstab && mount /srv' });
  if (mount.exitCode !== 0) throw new Error(mount.output);
};
