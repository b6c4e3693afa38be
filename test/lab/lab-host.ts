import { fileURLToPath } from 'node:url';
import { localHost, type RunResult } from '@innkeeper/host';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const programFile = `${root}/infra/testbed/lab-host.js`;
const hourMs = 3_600_000;

export const host = localHost('test');

/** As `infra/testbed/lab-host.js` reads them. */
export const release = process.env.INNKEEPER_LAB_RELEASE ?? '13';
export const isFresh = process.env.INNKEEPER_LAB_DISK === 'fresh';
/** Everything, three quarters of an hour where two processors are free; else what differs most from other hosts. */
export const isWhole = process.env.INNKEEPER_LAB_SUITE === 'all' || isFresh;

/** `2/3`: the second third. Where time is short, what takes hours is shown in parts. */
export const partOf = <T>(all: readonly T[], part = process.env.INNKEEPER_LAB_PART ?? '1/1'): T[] => {
  const [number = 1, of = 1] = part.split('/').map(Number);
  const size = Math.ceil(all.length / of);
  return all.slice((number - 1) * size, number * size);
};

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

/** Words for `infra/testbed/lab-host.js`; any exit code is an answer. */
const program = (port: number, words: readonly string[], input?: string): Promise<RunResult> => {
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('INNKEEPER_LAB_'));
  return host.run([process.execPath, programFile, ...words], {
    env: { ...(Object.fromEntries(settings) as Record<string, string>), INNKEEPER_LAB_PORT: String(port) },
    timeoutMs: 2 * hourMs,
    expect: Array.from({ length: 256 }, (_, code) => code),
    ...(input === undefined ? {} : { input }),
  });
};

export const firstPort = Number(process.env.INNKEEPER_LAB_PORT ?? 2229);

export interface LabMachine {
  /** One command line as root, with its exit code; 255 while nobody answers. */
  run(command: string): Promise<RunResult>;
  /** Runs all command lines in one connection, which takes seconds to make. Throws when the connection was cut. */
  ask<Name extends string>(
    user: 'root' | 'keeper',
    commands: Readonly<Record<Name, string>>,
  ): Promise<Record<Name, Answer>>;
  /** From a fresh copy of its disk, with a copy of a folder at /srv, also after a reboot. */
  start(folder: string): Promise<void>;
  stop(): Promise<void>;
}

/** A machine for each file of the suite, so that they run side by side; booting one takes half a minute. */
const labMachine = (port: number): LabMachine => {
  const ask: LabMachine['ask'] = async (user, commands) => {
    const { stdout, stderr } = await program(port, ['ssh', `${user}@`, 'sh', '-s'], scriptOf(commands));
    const answers = parseAnswers(stdout);
    const missing = Object.keys(commands).filter((name) => answers[name] === undefined);
    if (missing.length > 0) throw new Error(`no answer to ${missing.join(', ')}: ${stdout}\n${stderr}`);
    return answers as Record<keyof typeof commands, Answer>;
  };
  return {
    run: (command) => program(port, ['ssh', command]),
    ask,
    start: async (folder) => {
      const { exitCode, stderr } = await program(port, ['start', folder]);
      if (exitCode !== 0) throw new Error(`the machine did not start: ${stderr}`);
      const ready = await ask('root', {
        mount: 'echo "/dev/vdb /srv ext4 defaults 0 0" >> /etc/fstab && mount /srv',
        // Else systemd starts and ends a manager for each connection, which takes seconds of the only processor.
        linger: 'loginctl enable-linger root keeper',
      });
      for (const { exitCode: code, output } of Object.values(ready)) if (code !== 0) throw new Error(output);
    },
    stop: async () => void (await program(port, ['stop'])),
  };
};

export const machines = {
  systemd: labMachine(firstPort),
  containers: labMachine(firstPort + 1),
  virtual: labMachine(firstPort + 2),
};

/** Before several machines ask for the same disk. */
export const buildDisk = async (): Promise<void> => {
  const { exitCode, stderr } = await program(firstPort, ['build']);
  if (exitCode !== 0) throw new Error(`the disk was not built: ${stderr}`);
};
