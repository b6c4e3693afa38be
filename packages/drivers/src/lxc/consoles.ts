import { readFile } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import type { ConsoleStream } from '@innkeeper/driver-contract';
import type { Host, HostProcess } from '@innkeeper/host';
import type { DomainDescription } from '@innkeeper/libvirt';
import type { Paths } from '@innkeeper/model';
import { containerRootPath } from '@innkeeper/storage';
import { consoleLogFolder, historyBytes } from '../shared/console-log.ts';

const program = new URL('../../perl/console-keeper.pl', import.meta.url);
/** A container that begins anew may have its console before the end of the old one was heard. */
const lookAgainMs = 300;

/** The console of a container that runs. */
export interface RunningConsole {
  readonly uuid: string;
  readonly name: string;
  /** `/dev/pts/N` of the host. */
  readonly terminal: string;
}

/** Undefined for one that does not run, or stands on another root than ours: another installation's is its own to read. */
export const consoleOf = (paths: Paths, description: DomainDescription): RunningConsole | undefined => {
  const { id, uuid, name, consoles, filesystems } = description;
  const terminal = consoles.find(({ path }) => path !== undefined)?.path;
  if (id === undefined || uuid === undefined || terminal === undefined) return undefined;
  const isOurs = filesystems.some(({ source }) => source === containerRootPath(paths, uuid));
  return isOurs ? { uuid, name, terminal } : undefined;
};

export interface Consoles {
  /** Consoles are kept until what it answers is called. */
  hold(): () => void;
  /** While somebody holds: reads these from now on. Those that are read already go on. */
  keep(running: readonly RunningConsole[]): void;
  /** What was printed and what follows; as many as like may have one open. */
  open(console: RunningConsole): Promise<ConsoleStream>;
}

/** One line of the program's output: a verb, whose console, and bytes as hex. */
type Hear = (verb: string, uuid: string, bytes: Buffer) => void;

const hearLines = (from: NodeJS.ReadableStream, hear: Hear): void => {
  let rest = '';
  from.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [verb = '', uuid = '', hex = ''] = line.split(' ');
      hear(verb, uuid, Buffer.from(hex, 'hex'));
    }
  });
};

/**
 * Consoles of the containers of a host, all read by one program there, begun when there is the first to read. `look`
 * answers those that there are.
 */
export const openConsoles = (host: Host, paths: Paths, look: () => Promise<readonly RunningConsole[]>): Consoles => {
  let keeper: Promise<HostProcess> | undefined;
  let holders = 0;
  const kept = new Set<string>();
  const open = new Map<string, Set<Duplex>>();
  const asking = new Map<string, ((history: Buffer) => void)[]>();

  const ofConsole = (uuid: string): readonly Duplex[] => [...(open.get(uuid) ?? [])];
  const end = (uuid: string): void => {
    kept.delete(uuid);
    for (const live of ofConsole(uuid)) live.push(null);
  };
  const hear: Hear = (verb, uuid, bytes) => {
    if (verb === 'said') for (const live of ofConsole(uuid)) live.push(bytes);
    else if (verb === 'tail') asking.get(uuid)?.shift()?.(bytes);
    else if (verb === 'gone') {
      end(uuid);
      setTimeout(() => look().then(keep, () => undefined), lookAgainMs).unref();
    }
  };

  const begin = async (): Promise<HostProcess> => {
    const text = await readFile(program, 'utf8');
    const folder = consoleLogFolder(paths);
    await host.files.makeDirectory(folder, 0o711);
    const argv = ['perl', '-e', text, folder, String(historyBytes)];
    const started = host.spawn(argv, { background: true });
    hearLines(started.stdout, hear);
    started.stderr.resume();
    return started;
  };

  /** It ended by itself or by us: whoever looks next begins another. */
  const forget = (gone: Promise<HostProcess>): void => {
    if (keeper !== gone) return;
    keeper = undefined;
    for (const uuid of [...kept]) end(uuid);
    for (const waiting of asking.values()) for (const answer of waiting.splice(0)) answer(Buffer.alloc(0));
  };

  const tell = (...words: readonly string[]): void => {
    if (keeper === undefined) {
      const begun = begin();
      keeper = begun;
      const over = (): void => forget(begun);
      begun.then(({ exit }) => exit.then(over, over), over);
    }
    keeper.then(
      ({ stdin }) => stdin.write(`${words.join(' ')}\n`),
      () => undefined,
    );
  };

  const hold = (): (() => void) => {
    holders += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      holders -= 1;
      if (holders > 0 || keeper === undefined) return;
      const last = keeper;
      forget(last);
      last.then(
        ({ stdin }) => stdin.end(),
        () => undefined,
      );
    };
  };

  function keep(running: readonly RunningConsole[]): void {
    if (holders === 0) return;
    for (const { uuid, name, terminal } of running) {
      // The program takes its words apart at spaces.
      if (kept.has(uuid) || !/^[\w.@+-]+$/.test(name)) continue;
      kept.add(uuid);
      tell('keep', uuid, name, terminal);
    }
  }

  const liveOf = (uuid: string, release: () => void): Duplex => {
    const live: Duplex = new Duplex({
      allowHalfOpen: false,
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        tell('write', uuid, chunk.toString('hex'));
        done();
      },
      destroy: (error, done) => {
        open.get(uuid)?.delete(live);
        if (open.get(uuid)?.size === 0) {
          open.delete(uuid);
          if (keeper !== undefined) tell('leave', uuid);
        }
        release();
        done(error);
      },
    });
    return live;
  };

  return {
    hold,
    keep,
    open: async (running) => {
      const { uuid } = running;
      const live = liveOf(uuid, hold());
      keep([running]);
      const history = await new Promise<Buffer>((resolve) => {
        asking.set(uuid, [
          ...(asking.get(uuid) ?? []),
          // From its own tail on, in the order of the program's lines.
          (bytes) => {
            open.set(uuid, (open.get(uuid) ?? new Set()).add(live));
            resolve(bytes);
          },
        ]);
        tell('follow', uuid);
      });
      if (!kept.has(uuid)) live.push(null);
      return { history, live };
    },
  };
};
